"""Several processes and threads at one store; locks."""

from __future__ import annotations

import errno
import importlib
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from graders.training import sealed
from graders.training.store import Pruned, Store
from tests.builders.stores import (
    DAY,
    FILES,
    A,
    B,
    C,
    digest,
    entry_of,
    failing,
    finish,
    lose,
    made_old,
    python,
    ready,
    start,
    temporary,
)

PUT = """
for name in rest[1:]:
    files = {"who": rest[0].encode() * 20000, "same": rest[0].encode()}
    if name == rest[1]:
        go()
    store.put(name, files)
"""


def test_of_two_processes_that_put_the_same_one_wins_and_its_entry_is_whole(store, damages):
    names = [digest(n) for n in range(30)]
    processes = [python(PUT, store.root, who, *names) for who in "xy"]
    for process in processes:
        ready(process)
    for process in processes:
        start(process)
    for process in processes:
        finish(process)

    for name in names:
        files = store.get(name)
        assert files is not None
        assert files["who"] == files["same"] * 20000
    assert damages == []
    assert temporary(store) == []


def test_threads_that_put_the_same_leave_one_whole_entry(store, damages):
    barrier = threading.Barrier(8)

    def put(who: int) -> None:
        barrier.wait()
        store.put(A, {"x": bytes([who]) * 1000, "y": bytes([who])})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(8)))

    files = store.get(A)
    assert files is not None
    assert files["x"] == files["y"] * 1000
    assert damages == []


READ = """
damages, hits = [], 0
store = Store(store.root, on_damage=damages.append)
go()
end = time.monotonic() + 1.5
while time.monotonic() < end:
    files = store.get(rest[0])
    if files is not None:
        hits += 1
        assert set(files) == {"f0", "f1", "f2", "f3", "f4"}, files.keys()
        assert len(set(files.values())) == 1
print(hits, damages)
"""


def test_a_reader_meets_a_whole_entry_or_none_while_others_prune_and_put(store):
    readers = [python(READ, store.root, A) for _ in range(2)]
    for reader in readers:
        ready(reader)
        start(reader)
    turn = 0
    while any(reader.poll() is None for reader in readers):
        turn += 1
        store.put(A, {f"f{n}": str(turn).encode() * 5000 for n in range(5)})
        store.prune(0)

    for reader in readers:
        hits, damages = finish(reader).split(" ", 1)
        assert int(hits) > 0
        assert damages.strip() == "[]"


def test_an_entry_that_vanishes_while_it_is_read_is_a_miss(store, damages, monkeypatch):
    store.put(A, FILES)
    seal = sealed.unseal

    def pruned_meanwhile(*arguments: Any) -> dict[str, str]:
        Store(store.root).prune(0)
        return seal(*arguments)

    monkeypatch.setattr(sealed, "unseal", pruned_meanwhile)

    assert store.get(A) is None
    assert damages == []


def test_an_entry_that_is_replaced_while_it_is_read_stays(store, damages, monkeypatch):
    store.put(A, FILES)
    lose(entry_of(store, A))
    seal = sealed.unseal

    def replaced_meanwhile(*arguments: Any) -> dict[str, str]:
        monkeypatch.undo()
        Store(store.root).put(A, FILES)
        return seal(*arguments)

    monkeypatch.setattr(sealed, "unseal", replaced_meanwhile)

    assert store.get(A) is None
    assert damages == []
    assert store.get(A) == FILES


def test_two_who_prune_at_once_remove_each_entry_once(store):
    for n in range(40):
        store.put(digest(n), {"x": b"1"})
    barrier = threading.Barrier(2)

    def prune(_: int) -> Pruned:
        barrier.wait()
        return store.prune(0)

    with ThreadPoolExecutor(2) as pool:
        pruned = list(pool.map(prune, range(2)))

    assert sum(one.entries for one in pruned) == 40
    assert store.info().entries == 0


def test_a_lock_excludes_other_threads(store):
    inside, most, counter = 0, 0, threading.Lock()

    def work(_: int) -> bool:
        nonlocal inside, most
        with store.lock(A, poll=0.002) as held:
            with counter:
                inside += 1
                most = max(most, inside)
            time.sleep(0.01)
            with counter:
                inside -= 1
            return held

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(12)))
    assert most == 1


LOCK = """
go()
for _ in range(20):
    with store.lock(rest[0], poll=0.002) as held:
        assert held
        value = int(Path(rest[1]).read_text())
        time.sleep(0.003)
        Path(rest[1]).write_text(str(value + 1))
"""


def test_a_lock_excludes_other_processes(store, tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [python(LOCK, store.root, A, counter) for _ in range(3)]
    for process in processes:
        ready(process)
    for process in processes:
        start(process)
    for process in processes:
        finish(process)

    assert counter.read_text() == "60"


class GaveUpError(Exception):
    pass


def give_up() -> None:
    raise GaveUpError


def is_held(store: Store, name: str) -> bool:
    def ask() -> bool:
        try:
            with store.lock(name, poll=0, waiting=give_up):
                return False
        except GaveUpError:
            return True

    # In another thread, as another worker would.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def test_who_waits_can_give_up(store):
    with store.lock(A):
        assert is_held(store, A)
    assert not is_held(store, A)


def test_a_lock_is_for_one_training(store):
    with store.lock(A):
        assert not is_held(store, B)


def test_a_lock_ends_with_an_error_inside(store):
    with pytest.raises(GaveUpError), store.lock(A):
        give_up()

    assert not is_held(store, A)


def test_a_lock_ends_with_the_process_that_held_it(store):
    process = python("with store.lock(rest[0]): go()", store.root, A)
    ready(process)
    assert is_held(store, A)

    process.kill()
    process.communicate()

    assert not is_held(store, A)


@pytest.mark.skipif(sys.platform == "win32", reason="flock is of Unix")
@pytest.mark.filterwarnings("ignore:flock not supported")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_no_error(store, monkeypatch, number):
    monkeypatch.setattr(importlib.import_module("fcntl"), "flock", failing(number))

    for _ in range(2):
        with store.lock(A) as held:
            assert not held
            store.put(A, FILES)
            with store.lock(A) as again:
                assert not again
    assert store.get(A) == FILES


def lock_file(store: Store, name: str) -> Path:
    return store.root / "locks" / f"{name}.lock"


def test_old_lock_files_go_unless_they_are_held(store):
    for name in (A, B):
        with store.lock(name):
            pass
    made_old(lock_file(store, A), 2 * DAY)
    with store.lock(C):
        made_old(lock_file(store, C), 2 * DAY)
        store.prune()

        assert not lock_file(store, A).exists()
        assert lock_file(store, B).exists()
        assert is_held(store, C)
    assert not is_held(store, A)


def test_taking_a_lock_makes_its_file_young(store):
    with store.lock(A):
        pass
    made_old(lock_file(store, A), 2 * DAY)
    with store.lock(A):
        pass

    store.prune()

    assert lock_file(store, A).exists()
