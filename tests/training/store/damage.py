"""The ways in which an entry can be damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from graders.training.store import CHECKSUMS, Store
from tests.training.store.work import (
    B,
    entry_of,
)


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
