"""Classes without TensorFlow: a grader by what stands in the file, a watcher, a class on disk."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

from graders.assignment import Assignment
from graders.batch import ClassRun, Enrolled, LocalRuns, Outcomes, Recipe
from graders.exports import Exported
from graders.gradebook import Gradebook
from graders.grading import Settings
from graders.ran import Ran
from graders.result import Handed, Outcome, Result, SubmissionInfo
from graders.sandbox.server import StoppedError
from graders.submission import Submission
from tests.builders.recordings import ran
from tests.builders.results import answered, check, exercise, info, question, result


def sheet(**exercises: dict[str, Any]) -> Assignment:
    """Make an assignment, such as sheet(e1a={"points": 2}), with the sections that it needs."""
    numbers = {name.removeprefix("e"): given for name, given in exercises.items()}
    titles = ("First", "Second", "Third")
    return Assignment.model_validate(
        {
            "schema_version": 1,
            "id": "sheet",
            "title": "A sheet",
            "section": [{"id": n, "title": f"Part {n}"} for n in sorted({n[0] for n in numbers})],
            "exercise": [
                {"id": number, "section": number[0], "title": title} | given
                for title, (number, given) in zip(titles, numbers.items(), strict=False)
            ],
        }
    )


WHY = {"points": 1, "question": "Why?", "rubric": ["1 point: because."]}
SHEET = sheet(e1a={"points": 2}, e1b={"points": 3, "bonus": True, "manual": WHY})


def by_share(of: SubmissionInfo, share: float = 1.0, title: str = "First is right") -> Result:
    """Make a result of SHEET with this share of the points of 1a."""
    first = check(
        "1a",
        Outcome.PASSED if share == 1 else Outcome.FAILED,
        2,
        title=title,
        score=2 * share,
    )
    bonus = check("1b", points=2, title=title)
    manual = question(answer="Because.")
    return result(
        exercise("1a", "First", first),
        exercise("1b", "Second", bonus, manual=manual, bonus=True),
        submission=of,
    )


@dataclass
class FakeGrader:
    """Grades by name: whoever stands in `fails` makes it raise.

    The files of a submission hold the share of the points that it earns.
    """

    fails: dict[str, Exception] = field(default_factory=dict)
    assignment: Assignment = field(default_factory=lambda: SHEET)
    seconds: float = 0.0
    pages: int = 3
    graded: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    data: list[Any] = field(default_factory=list)
    title: str = "First is right"
    meanwhile: Callable[[str], None] = lambda _: None
    stopped: bool = False
    _lock: Lock = field(default_factory=Lock)

    @property
    def trainer(self) -> Any:
        return SimpleNamespace(warnings=[])

    def tidy_up(self) -> None:
        """There is no store."""

    def stop(self) -> None:
        self.stopped = True

    def grade(
        self, submission: Submission, out: Path, progress: Any = None, *, run_key: str = ""
    ) -> Result:
        with self._lock:
            self.graded.append(submission.student)
        if progress is not None:
            progress({"event": "cell", "cell": 1, "of": 2})
        ends = time.monotonic() + self.seconds
        recording = out / "recording"
        recording.mkdir(parents=True)
        for page in range(self.pages):
            (recording / f"{page}.npy").write_bytes(b"\0" * 1000)
            time.sleep(self.seconds / self.pages)
        while time.monotonic() < ends:
            time.sleep(0.001)
        self.meanwhile(submission.student)
        if self.stopped:
            raise StoppedError
        if submission.student in self.fails:
            raise self.fails[submission.student]
        of = submission.info()
        ran("sheet", of, run_key=run_key).save(out)
        return by_share(of, float(submission.read() or 1), title=self.title)

    def check(self, ran: Ran, folder: Path) -> Result:
        """Check again, as `Checker` does."""
        self.checked.append(ran.submission.student)
        share = Result.load(folder / "result.json").exercises[0].score / 2
        return by_share(ran.submission, share, title=self.title)


@dataclass
class Watcher:
    """Notes what it is told."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def begin(self, student: str) -> None:
        self.told.append(("begin", student))

    def event(self, student: str, event: dict[str, Any]) -> None:
        self.told.append(("event", student))

    def end(self, student: str, result: Result) -> None:
        self.told.append(("end", student))

    def kept(self, student: str) -> None:
        self.told.append(("kept", student))

    def of(self, what: str) -> list[str]:
        return [student for told, student in self.told if told == what]


def recipe(run: str = "run", checks: str = "checks") -> Recipe:
    return Recipe("sheet", Settings(), (), run, checks)


def hand_in(folder: Path, **shares: float | str) -> list[Submission]:
    """Write a file for each student."""
    folder.mkdir(parents=True, exist_ok=True)
    submissions = []
    for student, share in shares.items():
        path = folder / f"{hashlib.md5(student.encode()).hexdigest()}.py"
        path.write_text(str(share))
        submissions.append(Submission(student, path))
    return submissions


def grade(
    out: Path,
    submissions: list[Submission] | Enrolled,
    grader: FakeGrader | None = None,
    *,
    workers: int = 1,
    watcher: Watcher | None = None,
    how: Recipe | None = None,
    redo: bool = False,
) -> Outcomes:
    grader = grader or FakeGrader()
    anything: Any = grader
    enrolled = submissions if isinstance(submissions, Enrolled) else Enrolled(submissions)
    run = ClassRun(
        grader.assignment,
        how or recipe(),
        anything,
        LocalRuns(anything, workers),
        out,
        watcher or Watcher(),
        redo,
    )
    return run.grade(enrolled)


def work_of(student: str, **ids: str) -> Submission:
    """Make a submission without a file, with a platform's ids of the student."""
    return Submission(student, Path("hw.ipynb"), handed=Handed(ids=ids))


def record(
    book: Gradebook, key: str, name: str, *, ids: dict[str, str] | None = None, **changes: Any
) -> Path:
    """Enrol a student in a gradebook, keep a result with a question, and return the folder."""
    folder = book.enrol(key, name, ids=ids or {})
    of = info(key, name)
    book.record(key, of, "run", answered(of, **changes), "checks")
    return Path(folder)


def write(out: Path, *results: Result) -> Path:
    """Write a class to disk, in folders s00, s01, …"""
    for number, one in enumerate(results):
        folder = out / f"s{number:02}"
        folder.mkdir(parents=True)
        one.save(folder / "result.json")
        (folder / "feedback.html").write_text(f"<p>page {number}</p>", encoding="utf-8")
        (folder / "feedback.md").write_text(f"page {number}", encoding="utf-8")
    return out


def students(*results: Result) -> list[Exported]:
    """Make what is exported of a class that `write` wrote."""
    return [Exported.of(one, Path(f"s{number:02}")) for number, one in enumerate(results)]
