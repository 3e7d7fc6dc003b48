"""Which part of the machine's files student code gets to see.

Python with its packages, system libraries, and the data of the assignment, all to be read only.
Not among them: answers, checks, the class's submissions and results, anybody's home.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

# What programs and libraries of a Linux system rest on.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
# The part of /etc that libraries read, and no more of it: the rest tells of users and services.
_ETC = (
    *("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"),
    *("localtime", "mime.types", "ssl/certs", "ssl/openssl.cnf", "OpenCL"),
)
# TensorFlow counts cores and NUMA nodes.
_HARDWARE = ("/sys/devices/system/cpu", "/sys/devices/system/node")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# Drivers of GPUs look for their cards in all of it.
_GPU_HARDWARE = ("/sys",)
_GPU_DEVICES = ("nvidia*", "nvidia-caps/*", "dri/*", "kfd", "dxg")
# Packages of this project that hold answers, checks and reports.
_SECRET = ("reference", "assignments", "templates")


class View(BaseModel):
    """Paths by their names on this machine; inside they bear the same names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    read: list[str] = Field(description="files and folders, with all below them")
    hidden: list[str] = Field(description="folders below those that look empty")
    devices: list[str] = Field(description="device files that may be read and written")
    gpu: bool = False


def view_for(device: str, data: Iterable[Path], hidden: Iterable[Path] = ()) -> View:
    """Decide what a runner may see.

    Args:
        device: "cpu" leaves GPUs out.
        data: files that are served to the student's code.
        hidden: folders that nobody but the grader may look into, wherever they stand.

    """
    gpu = device != "cpu"
    devices = [Path(path) for path in _DEVICES]
    if gpu:
        devices += [path for pattern in _GPU_DEVICES for path in sorted(Path("/dev").glob(pattern))]
    gpu = len(devices) > len(_DEVICES)
    named = {*_libraries(), *map(Path, _GPU_HARDWARE if gpu else _HARDWARE), *data}
    # Links between folders may lead there by another name.
    read = named | {path.resolve() for path in named}
    closed = {path.resolve() for path in (*_secrets(), *hidden)}
    return View(
        read=_outermost(path for path in read if path.exists()),
        hidden=sorted(str(path) for path in closed if path.is_dir()),
        devices=[str(path) for path in devices if path.exists()],
        gpu=gpu,
    )


def _libraries() -> Iterator[Path]:
    for path in _SYSTEM:
        yield Path(path)
    for name in _ETC:
        yield Path("/etc") / name
    yield from (Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix))
    for path in (*os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep), *sys.path):
        # An empty entry means the folder that the grader was started in.
        if path and Path(path).is_absolute() and not _is_own(Path(path)):
            yield Path(path)
    if site.ENABLE_USER_SITE and site.USER_SITE:
        yield Path(site.USER_SITE)
    # Of an editable installation, the engine alone.
    yield _root() / "graders"


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


def _is_own(path: Path) -> bool:
    """Whether a folder of modules is the grader's or a TA's own, and no installed package's.

    That is this project with its tests and history, where a command was started, and what
    PYTHONPATH names: solutions may well stand there.
    """
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    resolved = path.resolve()
    if resolved in installed:
        return False
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = {Path.cwd(), Path(sys.argv[0]).resolve().parent, *map(Path, filter(None, named))}
    return resolved.is_relative_to(_root()) or resolved in {place.resolve() for place in own}


def _secrets() -> Iterator[Path]:
    for name in _SECRET:
        spec = find_spec(name)
        for place in spec.submodule_search_locations or () if spec else ():
            yield Path(place)


def _outermost(paths: Iterable[Path]) -> list[str]:
    kept: list[Path] = []
    for path in sorted({Path(os.path.normpath(p)) for p in paths}, key=lambda p: len(p.parts)):
        if path != Path("/") and not any(path.is_relative_to(outer) for outer in kept):
            kept.append(path)
    return [str(path) for path in kept]
