"""What is put into the store is what comes out, written whole or not at all."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import StoreError
from graders.training import store as store_module
from graders.training.store import CHECKSUMS, Store, default_root
from tests.builders.stores import (
    FILES,
    A,
    B,
    C,
    entry_of,
    failing,
    lose,
    temporary,
)


def test_what_was_put_is_what_is_got(store):
    store.put(A, FILES)

    assert store.get(A) == FILES


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True), st.binary()
    ).filter(lambda files: CHECKSUMS not in files)
)
def test_any_files_with_plain_names_come_back_as_they_were(tmp_path_factory, files):
    store = Store(tmp_path_factory.mktemp("store"))

    store.put(A, files)

    assert store.get(A) == files


def test_an_unknown_training_is_a_miss_and_makes_no_folder(store):
    assert store.get(A) is None
    assert not store.root.exists()


def test_entries_do_not_mix(store):
    store.put(A, {"x": b"a"})
    store.put(B, {"x": b"b"})

    assert (store.get(A), store.get(B), store.get(C)) == ({"x": b"a"}, {"x": b"b"}, None)


def test_another_store_on_the_same_folder_finds_the_entry(store):
    store.put(A, FILES)

    assert Store(store.root).get(A) == FILES


def test_a_store_can_be_handed_to_another_process(tmp_path):
    store = Store(tmp_path, limit_bytes=5)

    assert pickle.loads(pickle.dumps(store)) == store


@pytest.mark.parametrize(
    "bad", ["", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "../" + "a" * 61, "a" * 64 + "\n"]
)
def test_only_a_fingerprint_names_an_entry(store, bad):
    with pytest.raises(ValueError, match="not a fingerprint"):
        store.get(bad)
    with pytest.raises(ValueError, match="not a fingerprint"):
        store.put(bad, FILES)
    with pytest.raises(ValueError, match="not a fingerprint"), store.lock(bad):
        pass
    assert not store.root.exists()


@pytest.mark.parametrize("bad", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\n", CHECKSUMS])
def test_files_have_plain_names(store, bad):
    with pytest.raises(ValueError, match="name of a file"):
        store.put(A, {bad: b""})
    assert not store.root.exists()


def test_the_store_imports_no_numerical_library():
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('alone', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "sys.modules['alone'] = module\n"
        "spec.loader.exec_module(module)\n"
        "assert not {'numpy', 'keras', 'tensorflow'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(store_module.__file__)], check=True)


def test_the_entry_that_was_first_stays(store):
    store.put(A, {"x": b"first"})

    store.put(A, {"x": b"second"})

    assert store.get(A) == {"x": b"first"}
    assert temporary(store) == []


def test_all_is_synced_before_it_is_moved_in(store, monkeypatch):
    order = []
    sync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda file: (order.append("sync"), sync(file))[1])
    monkeypatch.setattr(
        Path, "rename", lambda path, to: (order.append("rename"), rename(path, to))[1]
    )

    store.put(A, FILES)

    written = len(FILES) + 2  # with the checksums and the folder
    assert order[: written + 1] == ["sync"] * written + ["rename"]


def test_an_interrupted_put_leaves_nothing(store, monkeypatch):
    def interrupt(_file: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.put(A, FILES)

    assert store.get(A) is None
    assert temporary(store) == []


def test_a_full_disk_is_an_error_for_people(store, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))

    with pytest.raises(StoreError) as error:
        store.put(A, FILES)

    assert str(store.root) in str(error.value)
    assert "No space left on device" in str(error.value)
    assert "TENSORMARK_STORE" in str(error.value)
    assert temporary(store) == []


def test_an_entry_that_cannot_be_moved_in_is_an_error_that_says_why(store, monkeypatch):
    monkeypatch.setattr(Path, "rename", failing(errno.EACCES))

    with pytest.raises(StoreError, match="Permission denied"):
        store.put(A, FILES)
    assert temporary(store) == []


def test_a_root_that_cannot_be_made_is_an_error_only_for_who_writes(tmp_path):
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "store")

    assert store.get(A) is None
    with store.lock(A) as held:
        assert not held
    with pytest.raises(StoreError, match="Not a directory"):
        store.put(A, FILES)
    with pytest.raises(StoreError, match="can't be read"):
        store.info()


def test_a_damaged_entry_that_cannot_be_replaced_is_an_error_for_people(store, monkeypatch):
    store.put(A, FILES)
    lose(entry_of(store, A))
    monkeypatch.setattr(Store, "_take_away", lambda *_: False)

    with pytest.raises(StoreError, match="can't be replaced"):
        store.put(A, FILES)


def test_a_store_error_survives_the_way_between_processes(tmp_path):
    error = StoreError.cannot_write(tmp_path, "why")

    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_store_stands_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("TENSORMARK_STORE", str(tmp_path / "here"))

    assert default_root() == tmp_path / "here"
    assert not default_root().exists()


def test_the_store_stands_in_the_users_cache_otherwise(monkeypatch):
    monkeypatch.delenv("TENSORMARK_STORE", raising=False)

    assert default_root().name == "trainings"
    assert "tensormark" in str(default_root())
