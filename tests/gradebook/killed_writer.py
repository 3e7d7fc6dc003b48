"""Write into a gradebook and be killed, again and again; print what was acknowledged before.

    python -m tests.gradebook.killed_writer OUT ROUNDS

One line a round, as JSON: the comments of all judgements, and the attempts with a result, that
were acknowledged; and what SQLite then says of the file.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from graders.gradebook import Gradebook
from graders.result import AssignmentInfo
from tests.builders.results import info, result


def write(out: Path, turn: int, pipe: int) -> NoReturn:
    """Write until the end."""
    with Gradebook.open(out) as book:
        book.interrupt_running()
        n = 0
        while True:
            n += 1
            key = f"name:{n % 7}"
            of = info(key, key, sha256=f"{turn}-{n}")
            sheet = AssignmentInfo(id="sheet", title="x" * 5000)
            made = result(submission=of, assignment=sheet, score=1, points=2)
            book.enrol(key, key, ids={})
            attempt = book.begin(key, of, "run")
            book.finish(attempt, made, "checks")
            os.write(pipe, f"attempt {attempt}\n".encode())
            book.judge(key, "1b", "manual", 1, comment=f"{turn}-{n}", by="kim")
            os.write(pipe, f"judged {turn}-{n}\n".encode())


def main() -> None:
    out, chance = Path(sys.argv[1]), random.Random(20)
    for turn in range(int(sys.argv[2])):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            write(out, turn, writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            # After so many lines, and at any moment of what follows them.
            told = [pipe.readline() for _ in range(chance.randint(0, 8))]
            time.sleep(chance.uniform(0.0, 0.02))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            # A line may be cut off by the kill, but what it tells of was committed.
            lines = [line.split() for line in [*told, *pipe] if " " in line]
        # Opened first as a program would after a crash, before anything else looks at it.
        with Gradebook.open(out):
            pass
        with closing(sqlite3.connect(out / "gradebook.db")) as connection:
            (intact,) = connection.execute("PRAGMA integrity_check").fetchone()
        attempts = [int(said) for kind, said in lines if kind == "attempt"]
        judged = [said for kind, said in lines if kind == "judged"]
        print(json.dumps({"intact": intact, "attempts": attempts, "judged": judged}))


if __name__ == "__main__":
    main()
