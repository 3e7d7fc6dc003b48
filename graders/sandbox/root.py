"""A file tree of its own for a runner: what a View names, read-only, and one place to write.

Bind mounts on a small tmpfs become the root of the mount namespace; of the machine's own tree
nothing is left. What the runner writes goes to others, whose sizes are the limits of the disk
space that a submission may use, files without a name included. The recording has one of its own:
who fills up the disk must not lose what was done before.
"""

from __future__ import annotations

import os
from pathlib import Path

from graders.sandbox import kernel
from graders.sandbox.view import View

# Where the runner finds its folders inside.
HOME = Path("/home/student")
SCRATCH, RECORDING, EXCHANGE = (HOME / name for name in ("scratch", "recording", "exchange"))
# Other names of folders in there.
ALSO = (Path("/tmp"), Path("/dev/shm"))  # noqa: S108 - names inside
_ROOT_BYTES = 4_000_000
_ROOT_FILES = 20_000
_BOX_FILES = 100_000
# What a reader takes of a recording: its JSON and its arrays.
RECORDING_BYTES = 330_000_000

_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


def enter_root(view: View, mount_point: Path, size: int, user: int) -> None:
    """Replace this mount namespace's tree; the caller is the first process of its PID namespace.

    Args:
        view: what is seen.
        mount_point: any empty folder.
        size: bytes that may be written to the scratch folder and its like, and to the exchange.
        user: number of the user, and of the group, that they belong to.

    Raises:
        OSError: the kernel refuses a step.

    """
    kernel.mount("none", Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
    quiet = kernel.MS_NOSUID | kernel.MS_NODEV
    small = f"mode=755,size={_ROOT_BYTES},nr_inodes={_ROOT_FILES}"
    kernel.mount("tensormark", mount_point, "tmpfs", quiet, small)
    # First, because the grader's data may stand in the machine's /tmp.
    _make_box(mount_point, size, user)
    for name in view.read:
        _show(mount_point, Path(name))
    _hide(mount_point, view)
    for name in view.devices:
        _bind(Path(name), _inside(mount_point, Path(name)))
    _make_etc(mount_point, user)
    proc = _inside(mount_point, Path("/proc"))
    proc.mkdir(exist_ok=True)
    # Before the machine's own is gone: the kernel gives no new one where none is to be seen.
    kernel.mount("proc", proc, "proc", quiet | kernel.MS_NOEXEC)
    _change_root(mount_point)
    kernel.mount(
        "none", Path("/"), flags=kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | quiet
    )


def _show(root: Path, path: Path) -> None:
    target = _inside(root, path)
    if path.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path.readlink())
        return
    _bind(path, target)
    attributes = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID
    kernel.restrict_mounts(target, attributes)


def _bind(path: Path, target: Path) -> None:
    if path.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    kernel.mount(str(path), target, flags=kernel.MS_BIND | kernel.MS_REC)


def _hide(root: Path, view: View) -> None:
    """Lay an empty folder over each hidden one, under every name that it has inside."""
    for hidden in map(Path, view.hidden):
        for read in map(Path, view.read):
            real = read.resolve()
            if read.is_symlink() or not hidden.is_relative_to(real):
                continue
            target = _inside(root, read / hidden.relative_to(real))
            if target.is_dir():  # not below another one that is hidden already
                options = "mode=555,nr_inodes=2"
                kernel.mount("hidden", target, "tmpfs", kernel.MS_RDONLY, options)


def _make_etc(root: Path, user: int) -> None:
    etc = _inside(root, Path("/etc"))
    etc.mkdir(exist_ok=True)
    passwd = f"student:x:{user}:{user}:student:{HOME}:/bin/false\n"
    for name, text in (
        ("passwd", passwd),
        ("group", f"student:x:{user}:\n"),
        ("hosts", _HOSTS),
        ("hostname", "tensormark\n"),
    ):
        (etc / name).write_text(text)


def _make_box(root: Path, size: int, user: int) -> None:
    home = _inside(root, HOME)
    home.mkdir(parents=True)
    _make_disk(home, size, user)
    for place, room in ((RECORDING, RECORDING_BYTES), (EXCHANGE, size)):
        _inside(root, place).mkdir()
        _make_disk(_inside(root, place), room, user)
    for place in (SCRATCH, HOME / "tmp", HOME / "shm"):
        _inside(root, place).mkdir()
        os.chown(_inside(root, place), user, user)
    # Where programs write whatever TMPDIR says, and where semaphores are kept.
    for name, folder in zip(ALSO, ("tmp", "shm"), strict=True):
        _bind(home / folder, _inside(root, name))


def _make_disk(place: Path, size: int, user: int) -> None:
    options = f"mode=755,size={size},nr_inodes={_BOX_FILES}"
    kernel.mount("box", place, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    os.chown(place, user, user)


def _change_root(root: Path) -> None:
    old = root / "old"
    old.mkdir()
    kernel.pivot_root(root, old)
    os.chdir("/")
    kernel.unmount(Path("/old"))
    Path("/old").rmdir()


def _inside(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
