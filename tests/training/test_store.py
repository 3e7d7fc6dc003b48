"""The store of finished trainings: whole entries or none, whoever else is at work."""

from __future__ import annotations

import errno
import hashlib
import importlib
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from graders.cli import app
from graders.errors import StoreError
from graders.training import sealed
from graders.training import store as store_module
from graders.training.store import CHECKSUMS, Pruned, Store, default_root

FILES = {"weights.npz": bytes(range(256)) * 8, "history.json": b'{"loss": [0.5]}', "empty": b""}
HOUR, DAY = 3600, 24 * 3600


def fingerprint(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


A, B, C = fingerprint("a"), fingerprint("b"), fingerprint("c")


@pytest.fixture
def damages() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, damages: list[str]) -> Store:
    return Store(tmp_path / "store", on_damage=damages.append)


def entry_of(store: Store, name: str) -> Path:
    return store.root / name[:2] / name


def temporary(store: Store) -> list[Path]:
    folder = store.root / "tmp"
    return list(folder.iterdir()) if folder.exists() else []


def made_old(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def used_ago(store: Store, name: str, seconds: float) -> None:
    made_old(entry_of(store, name) / CHECKSUMS, seconds)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process in which `store`, a list of the arguments, and `go` are at hand."""
    prelude = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from graders.training.store import Store\n"
        "store, rest = Store(Path(sys.argv[1])), sys.argv[2:]\n"
        "def go():\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output


# Keeping and finding


def test_what_was_put_is_what_is_got(store):
    store.put(A, FILES)

    assert store.get(A) == FILES


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True), st.binary()
    ).filter(lambda files: CHECKSUMS not in files)
)
@settings(max_examples=20, deadline=None)
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


# Damage


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
@settings(max_examples=120, deadline=None)
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
@settings(max_examples=40, deadline=None)
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


def lose(entry: Path) -> None:
    (entry / "history.json").unlink()


def lose_checksums(entry: Path) -> None:
    (entry / CHECKSUMS).unlink()


def add(entry: Path) -> None:
    (entry / "more").write_bytes(b"")


def grow(entry: Path) -> None:
    with (entry / "weights.npz").open("ab") as file:
        file.write(b"more")


def link(entry: Path) -> None:
    target = entry.parent / "same content"
    (entry / "weights.npz").rename(target)
    (entry / "weights.npz").symlink_to(target)


def link_to_nothing(entry: Path) -> None:
    (entry / "empty").unlink()
    (entry / "empty").symlink_to(entry / "nothing")


def link_checksums(entry: Path) -> None:
    target = entry.parent / "same content"
    (entry / CHECKSUMS).rename(target)
    (entry / CHECKSUMS).symlink_to(target)


def folder(entry: Path) -> None:
    (entry / "empty").unlink()
    (entry / "empty").mkdir()


def pipe(entry: Path) -> None:
    (entry / "empty").unlink()
    os.mkfifo(entry / "empty")


def without_files(entry: Path) -> None:
    for path in entry.iterdir():
        path.unlink()


def file_in_place_of_folder(entry: Path) -> None:
    entry.rename(entry.with_name("away"))
    entry.write_bytes(b"")


def link_in_place_of_folder(entry: Path) -> None:
    entry.rename(entry.with_name("away"))
    entry.symlink_to(entry.with_name("away"))


def of_another(entry: Path) -> None:
    other = Store(entry.parents[1])
    other.put(B, {"x": b""})
    without_files(entry)
    entry.rmdir()
    entry_of(other, B).rename(entry)


def checksums(content: str) -> Callable[[Path], None]:
    def write(entry: Path) -> None:
        (entry / CHECKSUMS).write_text(content)

    return write


DAMAGES = [
    lose,
    lose_checksums,
    add,
    grow,
    link,
    link_to_nothing,
    link_checksums,
    folder,
    pipe,
    without_files,
    file_in_place_of_folder,
    link_in_place_of_folder,
    of_another,
    *map(
        checksums,
        [
            "",
            "[]",
            "null",
            "{}",
            '{"files": {}}',
            '{"files": [[{}, 1]]}',
            '{"files": 3}',
            "[" * 9999,
        ],
    ),
]


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


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


# Writing


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


# Several at once

PUT = """
for name in rest[1:]:
    files = {"who": rest[0].encode() * 20000, "same": rest[0].encode()}
    if name == rest[1]:
        go()
    store.put(name, files)
"""


def test_of_two_processes_that_put_the_same_one_wins_and_its_entry_is_whole(store, damages):
    names = [fingerprint(n) for n in range(30)]
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
        store.put(fingerprint(n), {"x": b"1"})
    barrier = threading.Barrier(2)

    def prune(_: int) -> Pruned:
        barrier.wait()
        return store.prune(0)

    with ThreadPoolExecutor(2) as pool:
        pruned = list(pool.map(prune, range(2)))

    assert sum(one.entries for one in pruned) == 40
    assert store.info().entries == 0


# Use and size


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


# Locks


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


# Where


def test_the_store_stands_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("TENSORMARK_STORE", str(tmp_path / "here"))

    assert default_root() == tmp_path / "here"
    assert not default_root().exists()


def test_the_store_stands_in_the_users_cache_otherwise(monkeypatch):
    monkeypatch.delenv("TENSORMARK_STORE", raising=False)

    assert default_root().name == "trainings"
    assert "tensormark" in str(default_root())


# The command line


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
