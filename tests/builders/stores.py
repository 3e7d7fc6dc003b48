"""The store of trainings: its entries, processes that use it, and ways to damage an entry."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graders.training.store import CHECKSUMS, Store
from tests.builders.trainings import digest

FILES = {"weights.npz": bytes(range(256)) * 8, "history.json": b'{"loss": [0.5]}', "empty": b""}
HOUR, DAY = 3600, 24 * 3600


A, B, C = digest("a"), digest("b"), digest("c")


def entry_of(store: Store, name: str) -> Path:
    """Return the folder of an entry."""
    return store.root / name[:2] / name


def temporary(store: Store) -> list[Path]:
    """List what lies in the temporary folder of a store."""
    folder = store.root / "tmp"
    return list(folder.iterdir()) if folder.exists() else []


def made_old(path: Path, seconds: float) -> None:
    """Date a file or folder back."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def used_ago(store: Store, name: str, seconds: float) -> None:
    """Pretend that an entry was last used so many seconds ago."""
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
    """Wait until a process has called go."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def start(process: subprocess.Popen[str]) -> None:
    """Let a process that has called go carry on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a process, and return what it printed."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output


def failing(number: int) -> Callable[..., Any]:
    """Return a function that raises OSError with this number."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


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
