"""A damaged entry is a miss, told, and mended."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.training.store import CHECKSUMS, Store
from tests.builders.stores import (
    DAMAGES,
    FILES,
    A,
    entry_of,
    failing,
    lose,
    temporary,
)


def check_that_damage_is_found_and_mended(store: Store, damages: list[str]) -> None:
    assert store.get(A) is None
    assert len(damages) == 1
    assert A[:16] in damages[0]
    assert damages[0].endswith(".")
    assert not os.path.lexists(entry_of(store, A))
    assert store.get(A) is None
    assert len(damages) == 1
    store.put(A, FILES)
    assert store.get(A) == FILES
    assert temporary(store) == []


@given(data=st.data())
def test_a_flipped_bit_anywhere_is_found(tmp_path_factory, data):
    damages: list[str] = []
    store = Store(tmp_path_factory.mktemp("store"), on_damage=damages.append)
    store.put(A, FILES)
    name = data.draw(st.sampled_from(["weights.npz", "history.json", CHECKSUMS]))
    path = entry_of(store, A) / name
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)

    check_that_damage_is_found_and_mended(store, damages)


@given(data=st.data())
def test_a_file_cut_short_anywhere_is_found(tmp_path_factory, data):
    damages: list[str] = []
    store = Store(tmp_path_factory.mktemp("store"), on_damage=damages.append)
    store.put(A, FILES)
    path = entry_of(store, A) / data.draw(
        st.sampled_from(["weights.npz", "history.json", CHECKSUMS])
    )
    length = data.draw(st.integers(0, path.stat().st_size - 1))
    path.write_bytes(path.read_bytes()[:length])

    check_that_damage_is_found_and_mended(store, damages)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_a_miss_and_told_and_removed(store, damages, damage):
    store.put(A, FILES)
    damage(entry_of(store, A))

    check_that_damage_is_found_and_mended(store, damages)


@pytest.mark.parametrize("damage", DAMAGES)
def test_put_replaces_a_damaged_entry(store, damage):
    store.put(A, FILES)
    damage(entry_of(store, A))

    store.put(A, {"new": b"1"})

    assert store.get(A) == {"new": b"1"}


def test_checksums_written_in_another_way_do_not_count(store, damages):
    store.put(A, FILES)
    path = entry_of(store, A) / CHECKSUMS
    path.write_text(json.dumps(json.loads(path.read_text())))

    assert store.get(A) is None
    assert CHECKSUMS in damages[0]


def test_what_is_removed_beyond_a_link_stays(store, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    entry_of(store, A).parent.mkdir(parents=True)
    entry_of(store, A).symlink_to(precious)

    assert store.get(A) is None

    assert (precious / "file").exists()
    assert not entry_of(store, A).is_symlink()


def test_an_entry_that_this_machine_cannot_read_is_a_miss_but_stays(store, damages, monkeypatch):
    store.put(A, FILES)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", failing(errno.EMFILE))
        assert store.get(A) is None

    assert "can't be read: Too many open files" in damages[0]
    assert store.get(A) == FILES


def test_a_damaged_entry_on_a_read_only_share_is_told(store, damages, monkeypatch):
    store.put(A, FILES)
    lose(entry_of(store, A))
    monkeypatch.setattr(Path, "rename", failing(errno.EROFS))

    assert store.get(A) is None
    assert "'history.json' is missing" in damages[0]
