"""A class that can be killed at any moment: `python killed.py IN OUT`.

Each line on its input begins a run in a process of its own, forked when everything is imported, so
that a run takes a fraction of a second. It says the process's number, and its status at the end.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    fakes = load("fakes")
    warm_up(fakes)
    for _ in sys.stdin:
        process = os.fork()
        if process == 0:
            os.setsid()
            grade(fakes, folder, out)
            os._exit(0)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print("status", os.waitstatus_to_exitcode(status), flush=True)


def warm_up(fakes: ModuleType) -> None:
    """Have templates compiled and drivers loaded once, and not in each run."""
    from graders.batch import line_of, write_class, write_feedback
    from graders.gradebook import Gradebook
    from graders.result import SubmissionInfo

    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        result = fakes.result_of(SubmissionInfo(student="nobody", files=["nobody.py"]))
        with Gradebook.open(out) as book:
            book.enrol("name:nobody", "nobody", ids={})
            (student,) = book.students()
        write_feedback(result, out)
        write_class([line_of(result, student)], out, title="A sheet")


def grade(fakes: ModuleType, folder: Path, out: Path) -> None:
    from graders.submission import Submission

    submissions = [Submission(path.stem, path) for path in sorted(folder.glob("*.py"))]
    grader = fakes.FakeGrader(seconds=0.005)
    grader.meanwhile = lambda student: print("ran", student, flush=True)
    try:
        fakes.grade(out, submissions, grader, workers=2)
    except KeyboardInterrupt:
        os._exit(130)


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
