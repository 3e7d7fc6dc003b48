"""Grade one submission: run it, check its recording, put the result together."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from graders.assignment import Assignment, load_assignment
from graders.checks.context import CheckContext
from graders.checks.run import run_checks
from graders.compose import compose, unusable
from graders.errors import AssignmentError, RecordingError, RunError, SubmissionError
from graders.expectations import Expectations
from graders.recording import RecordingFolder
from graders.recording.schema import Limits
from graders.result import CheckResult, Result
from graders.sandbox import Job, Sandbox, ServedFile
from graders.sandbox.process import Ended, Progress
from graders.submission import Submission, read_cells
from reference.datasets import DataSet, locate
from reference.datasets.sources import Choice


@dataclass(frozen=True)
class Settings:
    """How to run submissions."""

    device: Literal["auto", "cpu", "gpu"] = "auto"
    timeout: float | None = None  # seconds; None: the assignment's own limit
    data: Choice = "auto"
    threads: int = 0  # TensorFlow's threads per submission; 0: its own choice


@dataclass
class Grader:
    """Grades submissions of one assignment; a class shares one."""

    assignment: Assignment
    settings: Settings = field(default_factory=Settings)
    sandbox: Sandbox = field(init=False)
    data: list[DataSet] = field(init=False)
    expected: Expectations = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(self.settings.device)
        # TensorFlow is imported beside us while the data are read.
        self.sandbox.warm_up()
        self.expected = Expectations.load(self.assignment.id)
        self.data = [locate(name, self.settings.data) for name in self.assignment.data_sets]

    def grade(self, submission: Submission, out: Path, progress: Progress | None = None) -> Result:
        """Grade one submission; leaves `recording/` and `result.json` in the folder `out`.

        Whatever is wrong with the submission ends up in the result; nothing is raised for it.
        """
        out.mkdir(parents=True, exist_ok=True)
        try:
            context, ended = self.run(submission, out / "recording", progress)
            checks = run_checks(context)
            verify_points(self.assignment, checks)
            result = compose(context, submission, checks, ended)
        except SubmissionError as error:
            result = unusable(self.assignment, submission, str(error), "unusable")
        except (RunError, RecordingError) as error:
            result = unusable(self.assignment, submission, str(error), "error")
        result.save(out / "result.json")
        return result

    def run(
        self, submission: Submission, recording: Path, progress: Progress | None = None
    ) -> tuple[CheckContext, Ended]:
        """Run a submission in its own process and open what it leaves behind.

        Raises:
            SubmissionError: the file can't be read.
            RunError: the process left no recording.

        """
        # First, so that no former recording stays beside a submission that can't be read.
        shutil.rmtree(recording, ignore_errors=True)
        content = submission.read()
        ids = {exercise.id for exercise in self.assignment.exercises}
        cells = read_cells(submission.file_name, content, ids)
        recording.mkdir(parents=True)
        limit = self.settings.timeout or self.assignment.time_limit
        scratch = Path(tempfile.mkdtemp(prefix="tensormark-"))
        try:
            job = Job(
                name=submission.file_name,
                cells=cells,
                recording=str(recording.resolve()),
                scratch=str(scratch),
                data=[_served(data) for data in self.data],
                limits=Limits(seconds=limit),
                seed=int(hashlib.sha256(content).hexdigest()[:8], 16),
                device=self.settings.device,
                threads=self.settings.threads,
            )
            ended = self.sandbox.run(job, progress)
        finally:
            with suppress(OSError):
                shutil.rmtree(scratch)
        return self.open(recording, ended), ended

    def open(self, recording: Path, ended: Ended | None = None) -> CheckContext:
        """Open a recording for checking.

        Raises:
            RunError: the process died, and what it left can't be read.

        """
        try:
            folder = RecordingFolder.open(recording)
        except RecordingError as error:
            if ended is not None and ended.how == "died":
                raise RunError.died(ended.detail) from error
            raise RunError.no_recording(str(error)) from error
        return CheckContext(self.assignment, folder, self.expected, self.data)


def verify_points(assignment: Assignment, checks: Sequence[CheckResult]) -> None:
    """Assert that checks and manual parts add up to each exercise's points.

    Raises:
        AssignmentError: they don't, or a check names an unknown exercise.

    """
    for check in checks:
        if assignment.exercise(check.exercise) is None:
            raise AssignmentError.invalid(
                assignment.folder, f"{check.id} belongs to the unknown exercise {check.exercise}"
            )
    for exercise in assignment.exercises:
        found = sum(check.points for check in checks if check.exercise == exercise.id)
        if abs(found - exercise.automatic_points) > 1e-9:
            manual = exercise.manual.points if exercise.manual else 0.0
            raise AssignmentError.points_differ(exercise.id, exercise.points, found + manual)


def run_submission(folder: Path, submission: Path, recording: Path) -> CheckContext:
    """Run a submission for a plain `pytest FOLDER --submission FILE`."""
    grader = Grader(load_assignment(folder))
    context, _ = grader.run(Submission(submission.stem, submission), recording)
    return context


def open_recording(folder: Path, recording: Path) -> CheckContext:
    """Open an earlier recording for a plain `pytest FOLDER --recording DIR`."""
    return Grader(load_assignment(folder)).open(recording)


def _served(data: DataSet) -> ServedFile:
    return ServedFile(
        name=data.name,
        path=str(data.path),
        source=data.source,
        fingerprint=data.fingerprint,
    )
