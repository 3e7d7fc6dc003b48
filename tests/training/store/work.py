"""What tests of the store share: entries, their age, and processes that use it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graders.training.store import CHECKSUMS, Store

FILES = {"weights.npz": bytes(range(256)) * 8, "history.json": b'{"loss": [0.5]}', "empty": b""}
HOUR, DAY = 3600, 24 * 3600


def fingerprint(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


A, B, C = fingerprint("a"), fingerprint("b"), fingerprint("c")


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
        cwd=Path(__file__).parents[3],
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


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail
