"""What this machine offers to keep student code in, and what to do about what is missing."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from graders.errors import IsolationError
from graders.sandbox import kernel, landlock, seccomp
from graders.sandbox.box import INSIDE
from graders.sandbox.cgroup import find_parent
from graders.sandbox.plan import (
    ENVIRONMENT,
    LANDLOCK,
    OTHER_USER,
    REQUIRED,
    USER_NAMESPACE,
    Bounds,
    Walls,
)
from graders.sandbox.view import View, view_for

# How much of it is wanted: all that is needed, or an error; as much as there is; none.
Wish = Literal["require", "auto", "off"]

_PROBE_SECONDS = 60.0
_DEPTH = (LANDLOCK, USER_NAMESPACE)


@dataclass(frozen=True)
class Isolation:
    """The walls that can be put up here."""

    walls: Walls | None  # None: none at all
    layers: tuple[str, ...] = ()
    why: str = ""  # the first thing that failed, in the kernel's words
    advice: tuple[str, ...] = field(default=())
    groups: Path | None = None  # a control group in which others can be made

    @property
    def missing(self) -> list[str]:
        """Layers that grading requires and that can't be had."""
        return [layer for layer in REQUIRED if layer not in self.layers]

    @property
    def thin(self) -> list[str]:
        """Second walls that can't be had."""
        layers = {USER_NAMESPACE if layer == OTHER_USER else layer for layer in self.layers}
        return [layer for layer in _DEPTH if layer not in layers]

    def require(self) -> None:
        """Assert that student code can be kept in.

        Raises:
            IsolationError: it can't; says what is missing and what to do.

        """
        if self.missing:
            raise IsolationError.missing(self.missing, self.why, self.advice)


def find_isolation(view: View, bounds: Bounds, mount_point: Path, wish: Wish) -> Isolation:
    """Find the strongest walls that this machine can put up, by trying them.

    Args:
        view: what is seen inside.
        bounds: what a submission may use up.
        mount_point: a folder to make, which stays empty for as long as the walls are used.
        wish: "off" looks for none.

    Raises:
        IsolationError: "require" was wished, and a layer is missing.

    """
    if wish == "off":
        return Isolation(None)
    mount_point.mkdir(mode=0o755)
    isolation = _found(view, bounds, mount_point)
    if wish == "require":
        isolation.require()
    return isolation


def look() -> Isolation:
    """Look at what this machine offers, for `tensormark doctor`."""
    bounds = Bounds(memory=1 << 32, disk=1 << 24, processes=1 << 10, cpu_seconds=60)
    with tempfile.TemporaryDirectory(prefix="tensormark-") as folder:
        return find_isolation(view_for("cpu", []), bounds, Path(folder) / "root", "auto")


def _found(view: View, bounds: Bounds, mount_point: Path) -> Isolation:
    if not kernel.is_known():
        return Isolation(None, why=f"it is {platform.system()}", advice=(_other_systems(),))
    wanted = list(_wanted(view, bounds, mount_point))
    with _secret_beside(mount_point):
        answers = _probe(wanted)
    first_error = next((answer["error"] for answer in answers if answer["error"]), "")
    if answers and not answers[-1]["error"]:
        walls, layers = wanted[len(answers) - 1], (*answers[-1]["layers"], ENVIRONMENT)
        why = first_error if not walls.namespaces else ""
        return Isolation(walls, layers, why, tuple(_advice()) if why else (), find_parent())
    return Isolation(None, why=first_error or "the probe didn't answer", advice=tuple(_advice()))


def _wanted(view: View, bounds: Bounds, mount_point: Path) -> Iterator[Walls]:
    has_landlock, has_filter = landlock.version() > 0, seccomp.is_known()
    for namespaces, other_user in ((True, True), (True, False), (False, False)):
        if other_user and os.geteuid() != 0:
            continue
        yield Walls(
            namespaces=namespaces,
            other_user=other_user,
            landlock=has_landlock,
            filter=has_filter,
            view=view,
            mount_point=str(mount_point),
            write=list(INSIDE) if namespaces else [str(mount_point)],
            bounds=bounds,
        )


@contextmanager
def _secret_beside(mount_point: Path) -> Iterator[None]:
    """Lay down a file that nobody inside may be able to read."""
    secret = mount_point.parent / "secret"
    secret.write_text("not to be seen", encoding="ascii")
    secret.chmod(0o644)
    try:
        yield
    finally:
        secret.unlink()


def _probe(wanted: list[Walls]) -> list[dict[str, Any]]:
    lines = "".join(walls.model_dump_json() + "\n" for walls in wanted)
    try:
        done = subprocess.run(
            # Not from the folder that the command was started in: students' files may stand there.
            [sys.executable, "-P", "-m", "graders.sandbox.probe"],
            input=lines,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []


def _advice() -> Iterator[str]:
    """Say what to do, for each thing that is known to stand in the way."""
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        yield (
            "Ubuntu's AppArmor denies user namespaces to ordinary programs. Allow them with "
            "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` (keep it in "
            "/etc/sysctl.d/), or give your Python an AppArmor profile with the rule `userns,`."
        )
    if _setting("kernel/unprivileged_userns_clone") == "0":
        yield (
            "This kernel denies user namespaces to ordinary users: "
            "`sudo sysctl -w kernel.unprivileged_userns_clone=1`."
        )
    if _setting("user/max_user_namespaces") == "0":
        yield (
            "This machine allows no user namespaces: "
            "`sudo sysctl -w user.max_user_namespaces=10000`."
        )
    if _in_container():
        yield (
            "This is a container. Grade on the machine itself, or start the container with "
            "`--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt "
            "systempaths=unconfined` (Podman: `unmask=ALL`), as root with `--cap-add SYS_ADMIN`."
        )
    release = platform.release()
    if _version(release) < (5, 13):
        yield f"Linux {release} is too old: 5.13 or newer is needed."
    if "microsoft" in release.lower() and "wsl2" not in release.lower():
        yield "WSL 1 has no namespaces: `wsl --set-version <distribution> 2`."


def _other_systems() -> str:
    return (
        f"{platform.system()} has no walls that tensormark could put up. Grade in a Linux machine "
        "(WSL 2, a virtual machine, a server)."
    )


def _setting(name: str) -> str:
    try:
        return (Path("/proc/sys") / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _in_container() -> bool:
    return any(Path(name).exists() for name in ("/.dockerenv", "/run/.containerenv"))


def _version(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", release)[:2])
