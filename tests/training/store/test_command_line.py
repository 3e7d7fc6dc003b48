"""`tensormark cache`."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from graders.cli import app
from tests.builders.stores import (
    DAY,
    FILES,
    A,
    B,
    entry_of,
    lose,
    used_ago,
)


def call(*arguments: object, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["cache", *map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize("command", ["info", "verify", "prune"])
def test_a_missing_store_is_a_clear_sentence(tmp_path, command):
    assert "Nothing has been trained yet" in call(command, "--store", tmp_path / "none")


@pytest.mark.parametrize("command", ["info", "verify", "prune"])
def test_an_unusable_store_is_an_error_for_people(tmp_path, command):
    (tmp_path / "file").touch()

    assert "can't be read" in call(command, "--store", tmp_path / "file", status=2)


def test_info_shows_folder_number_and_size(store):
    store.put(A, {"x": bytes(2_000_000)})

    output = call("info", "--store", store.root)

    assert store.root.name in output
    assert "trainings 1" in output
    assert "2.0 MB; prune keeps at most 4.0 GB" in output


def test_the_commands_use_the_store_of_the_environment(store, monkeypatch):
    monkeypatch.setenv("TENSORMARK_STORE", str(store.root))
    store.put(A, FILES)

    assert "Intact: 1 training." in call("verify")


def test_verify_names_each_damaged_training_and_exits_with_1(store):
    store.put(A, FILES)
    store.put(B, FILES)
    lose(entry_of(store, B))

    output = call("verify", "--store", store.root, status=1)

    assert f"{B}: 'history.json' is missing" in output
    assert A not in output
    assert "Damaged: 1 of 2 trainings." in output
    assert "Intact: 1 training." in call("verify", "--store", store.root)


def test_prune_keeps_so_many_gigabytes(store):
    for name, days in ((A, 1), (B, 2)):
        store.put(name, {"x": bytes(1_000_000)})
        used_ago(store, name, days * DAY)

    assert "Removed: 1 training (1.0 MB). Kept: 1 training (1.0 MB)." in call(
        "prune", "--store", store.root, "--size", 0.0015
    )
    assert store.get(A) is not None


def test_prune_all_empties_the_store(store):
    store.put(A, FILES)

    assert "Kept: 0 trainings (0 bytes)." in call("prune", "--store", store.root, "--all")
    assert store.info().entries == 0


def test_prune_takes_a_size_or_all(store):
    assert "no meaning" in call("prune", "--store", store.root, "--size", 1, "--all", status=2)
