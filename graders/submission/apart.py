"""Read a submission's cells in a process of its own.

Python's compiler tells where a script's statements end, and there are texts that crash it or keep
it busy for minutes; regular expressions and JSON have such texts as well. The class must not wait
for one, nor go down with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from multiprocessing.connection import Connection

from pydantic import TypeAdapter

from graders.errors import SubmissionError
from graders.recording.schema import Cell
from graders.sandbox.server import ForkServer

_SECONDS = 60.0
_LOOK_SECONDS = 0.25
_MEMORY = 8_000_000_000
# More than the largest file with every character escaped.
_ANSWER_BYTES = 500_000_000

_CELLS: TypeAdapter[list[Cell]] = TypeAdapter(list[Cell])


def read_cells_apart(
    server: ForkServer, name: str, content: bytes, exercises: set[str]
) -> list[Cell]:
    """Read the cells of a submission, as `read_cells` does.

    Args:
        server: starts the process.
        name: the file's name; its ending tells a notebook from a script.
        content: the file's bytes.
        exercises: known exercise ids.

    Raises:
        SubmissionError: the file is not usable; the message says why and what to do.
        RunError: no process could be started.

    """
    process, channel = server.start(_read, name, json.dumps(sorted(exercises)), duplex=True)
    try:
        channel.send_bytes(content)
        deadline = time.monotonic() + _SECONDS
        while not channel.poll(_LOOK_SECONDS):
            if time.monotonic() > deadline:
                raise SubmissionError.unreadable_code(name)
        answer = channel.recv_bytes(_ANSWER_BYTES)
    except (EOFError, OSError) as error:
        raise SubmissionError.unreadable_code(name) from error
    finally:
        server.end(process)
        channel.close()
    if answer[:1] == b"[":
        return _CELLS.validate_json(answer)
    raise SubmissionError(json.loads(answer)["problem"])


def _read(name: str, exercises_json: str, channel: Connection) -> None:
    """First function in the reader's process."""
    _bound()
    from graders.submission.read import read_cells

    try:
        cells = read_cells(name, channel.recv_bytes(), set(json.loads(exercises_json)))
        answer = _CELLS.dump_json(cells)
    except SubmissionError as error:
        answer = json.dumps({"problem": str(error)}).encode()
    except (MemoryError, RecursionError):
        answer = json.dumps({"problem": str(SubmissionError.unreadable_code(name))}).encode()
    channel.send_bytes(answer)
    os._exit(0)


def _bound() -> None:
    """Keep what is hostile from taking the machine's memory and time."""
    if sys.platform == "win32":
        return
    import resource

    from graders.sandbox.walls import lower_limits

    os.setsid()
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: int(_SECONDS),
        resource.RLIMIT_DATA: _MEMORY,
    }
    with contextlib.suppress(ValueError, OSError):  # not every system bounds memory so
        lower_limits(limits)
