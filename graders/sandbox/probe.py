"""Try the walls out in processes of their own: `python -m graders.sandbox.probe`.

Reads Walls as JSON lines, most wanted first; prints what each brought, up to the first that
holds. Small and without TensorFlow, so that `grade` and `doctor` know it within a second.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from graders.sandbox.plan import FILES, NETWORK, Walls
from graders.sandbox.root import HOME
from graders.sandbox.walls import put_up


def main() -> None:
    """Try one set of walls after the other, each in a child."""
    for line in sys.stdin:
        found = _try_in_child(Walls.model_validate_json(line))
        print(json.dumps(found), flush=True)
        if not found["error"]:
            break


def _try_in_child(walls: Walls) -> dict[str, Any]:
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            found = _try(walls, theirs)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent says it
            found = {"layers": [], "error": f"{type(error).__name__}: {error}"}
        os.write(theirs, json.dumps(found).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(content)) if content else {"layers": [], "error": "it died"}


def _try(walls: Walls, pipe: int) -> dict[str, Any]:
    """Put the walls up, and knock on them from within."""
    secret = Path(walls.mount_point).parent / "secret"
    try:
        layers = put_up(walls, [pipe])
    except OSError as error:
        return {"layers": [], "error": str(error)}
    fault = _cannot_work(walls) or _can_leave(walls, layers, secret)
    return {"layers": layers, "error": fault}


def _cannot_work(walls: Walls) -> str:
    """Say what a runner would miss inside."""
    for path in (__file__, os.__file__, *walls.view.read):
        if not os.access(path, os.R_OK):
            return f"{path} can't be read inside"
    try:
        file = Path(walls.write[0]) / "probe"
        file.write_text("", encoding="ascii")
        file.unlink()
    except OSError as error:
        return f"nothing can be written inside: {error.strerror}"
    return ""


def _can_leave(walls: Walls, layers: list[str], secret: Path) -> str:
    """Say which wall doesn't hold."""
    try:
        secret.read_bytes()
    except OSError:
        pass
    else:
        if FILES in layers or walls.landlock:
            return "files outside can be read all the same"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
            outside.connect(("192.0.2.1", 9))  # reserved for documentation: nobody is there
    except OSError as error:
        if error.errno not in {errno.ENETUNREACH, errno.EAFNOSUPPORT}:
            return f"the network answers ({error.strerror})"
    else:
        if NETWORK in layers or walls.filter:
            return "the network can be reached all the same"
    if FILES in layers and Path.home() != HOME and list(HOME.parent.iterdir()) != [HOME]:
        return "the machine's own file tree is seen"
    return ""


if __name__ == "__main__":
    main()
