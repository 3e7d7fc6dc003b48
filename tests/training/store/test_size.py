"""What the store holds, and what goes when it grows too large."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from graders.errors import StoreError
from graders.training.store import Pruned, Store
from tests.builders.stores import (
    DAMAGES,
    DAY,
    FILES,
    HOUR,
    A,
    B,
    C,
    entry_of,
    failing,
    lose,
    lose_checksums,
    made_old,
    temporary,
    used_ago,
)


def test_an_empty_store_has_no_oldest_entry(store):
    info = store.info()

    assert (info.entries, info.bytes, info.oldest, info.newest) == (0, 0, None, None)


def test_info_counts_entries_and_their_bytes(store):
    store.put(A, FILES)
    store.put(B, {"x": b"12345"})
    used_ago(store, A, 5 * DAY)

    info = store.info()

    on_disk = [path.stat().st_size for path in store.root.rglob("*") if path.is_file()]
    assert (info.root, info.entries, info.bytes) == (store.root, 2, sum(on_disk))
    assert info.limit_bytes == 4_000_000_000
    assert info.newest is not None
    assert info.oldest is not None
    assert 4.9 * DAY < (info.newest - info.oldest).total_seconds() < 5.1 * DAY


def test_foreign_files_in_the_root_are_left_alone(store):
    store.put(A, FILES)
    (store.root / "README").touch()
    (store.root / "ab").mkdir(exist_ok=True)
    (store.root / "ab" / "notes").touch()

    store.prune(0)

    assert (store.root / "README").exists()
    assert (store.root / "ab" / "notes").exists()
    assert store.get(A) is None


def test_the_least_recently_used_goes_first(store):
    for name, days in ((A, 1), (B, 3), (C, 2)):
        store.put(name, {"x": bytes(1000)})
        used_ago(store, name, days * DAY)
    size = store.info().bytes // 3

    assert store.prune(2 * size) == Pruned(1, size)
    assert store.get(B) is None
    assert store.prune(size) == Pruned(1, size)
    assert store.get(C) is None
    assert store.get(A) is not None


def test_reading_is_using(store):
    for name in (A, B):
        store.put(name, FILES)
        used_ago(store, name, DAY)
    used_ago(store, A, 2 * DAY)

    store.get(A)
    store.prune(store.info().bytes - 1)

    assert store.get(A) == FILES
    assert store.get(B) is None


def test_verifying_is_not_using(store):
    store.put(A, FILES)
    used_ago(store, A, DAY)
    before = store.info()

    list(store.verify())

    assert store.info() == before


def test_a_share_that_keeps_no_times_can_be_read(store, monkeypatch):
    store.put(A, FILES)
    monkeypatch.setattr(os, "utime", failing(errno.EROFS))

    assert store.get(A) == FILES


def test_prune_keeps_to_the_limit_of_the_store(tmp_path):
    store = Store(tmp_path, limit_bytes=0)
    store.put(A, FILES)

    assert store.prune().entries == 1
    assert store.prune() == Pruned(0, 0)


def test_nothing_is_removed_below_the_limit(store):
    store.put(A, FILES)

    assert store.prune(store.info().bytes) == Pruned(0, 0)
    assert store.get(A) == FILES


def test_prune_removes_entries_without_checksums(store):
    store.put(A, FILES)
    store.put(B, FILES)
    lose_checksums(entry_of(store, A))

    assert store.prune().entries == 1
    assert not entry_of(store, A).exists()
    assert store.get(B) == FILES


def test_prune_leaves_an_entry_that_cannot_be_listed_just_now(store, monkeypatch):
    store.put(A, FILES)
    listed = Path.iterdir
    with monkeypatch.context() as patched:
        fail = failing(errno.EMFILE)
        patched.setattr(Path, "iterdir", lambda p: fail() if p.name == A else listed(p))
        assert store.prune() == Pruned(0, 0)

    assert store.get(A) == FILES


def test_prune_removes_what_interrupted_processes_left_an_hour_ago(store):
    store.put(A, FILES)
    old, young, file = (store.root / "tmp" / name for name in ("old", "young", "file"))
    for left in (old, young):
        left.mkdir()
        (left / "x").touch()
    file.touch()
    made_old(old, 2 * HOUR)
    made_old(file, 2 * HOUR)

    store.prune()

    assert temporary(store) == [young]


def test_prune_of_what_cannot_be_removed_is_an_error_for_people(store, monkeypatch):
    store.put(A, FILES)
    monkeypatch.setattr(Path, "rename", failing(errno.EROFS))

    with pytest.raises(StoreError, match="can't be removed"):
        store.prune(0)


def test_verify_tells_what_is_wrong_and_removes_it(store):
    for name in (A, B, C):
        store.put(name, FILES)
    lose(entry_of(store, B))

    found = dict(store.verify())

    assert found == {A: "", B: "'history.json' is missing", C: ""}
    assert not entry_of(store, B).exists()
    assert dict(store.verify()) == {A: "", C: ""}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_finds_every_damage(store, damage):
    store.put(A, FILES)
    damage(entry_of(store, A))

    (found,) = store.verify()

    assert found.fingerprint == A
    assert found.fault
    assert list(store.verify()) == []


def test_verify_says_where_it_could_not_remove(store, monkeypatch):
    store.put(A, FILES)
    lose(entry_of(store, A))
    monkeypatch.setattr(Path, "rename", failing(errno.EROFS))

    assert "can't be removed" in dict(store.verify())[A]
