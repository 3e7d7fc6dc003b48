"""A class that can be killed at any moment: `python -m tests.batch.killed IN OUT`.

Each line on its input begins a run in a process of its own, forked when everything is imported, so
that a run takes a fraction of a second. A number in the line is how many students it runs; then it
stands still until it is killed or stopped. The run says its process's number, when it leads a group
that can be killed, and whom it has run; at the end its status is said.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from graders.batch import line_of, write_class, write_feedback
from graders.gradebook import Gradebook
from graders.submission import Submission
from tests.builders.classes import FakeGrader, by_share, grade
from tests.builders.results import info


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    warm_up()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            os.setsid()
            say(str(os.getpid()))
            os._exit(run(folder, out, int(line) if line.strip() else None))
        _, status = os.waitpid(process, 0)
        say(f"status {os.waitstatus_to_exitcode(status)}")


def say(line: str) -> None:
    """Write a line at once: those of two threads must not mix, nor be lost with the process."""
    os.write(1, f"{line}\n".encode())


def warm_up() -> None:
    """Have templates compiled and drivers loaded once, and not in each run."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        result = by_share(info("", "nobody"))
        with Gradebook.open(out) as book:
            book.enrol("name:nobody", "nobody", ids={})
            (student,) = book.students()
        write_feedback(result, out)
        write_class([line_of(result, student)], out, title="A sheet")


def run(folder: Path, out: Path, most: int | None) -> int:
    """Grade the class; returns the status to end with."""
    submissions = [Submission(path.stem, path) for path in sorted(folder.glob("*.py"))]
    grader = FakeGrader(seconds=0.005)
    numbers = itertools.count()

    def meanwhile(student: str) -> None:
        number = next(numbers)
        while most is not None and number >= most and not grader.stopped:
            time.sleep(0.005)
        if not grader.stopped:
            say(f"ran {student}")

    grader.meanwhile = meanwhile
    try:
        grade(out, submissions, grader, workers=2)
    except KeyboardInterrupt:
        return 130
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
