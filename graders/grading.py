"""Grade one submission: run it, check its recording, put the result together."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Literal

from graders.assignment import Assignment, load_assignment
from graders.checks.context import CheckContext
from graders.checks.run import run_checks
from graders.compose import compose, grader_failed, unusable
from graders.describe.origin import KnownData
from graders.errors import (
    AssignmentError,
    RecordingError,
    RunError,
    StoreError,
    SubmissionError,
    is_about_the_disk,
)
from graders.expectations import Expectations
from graders.ran import Ended, Ran
from graders.recording import RecordingFolder
from graders.recording.reader import trusted_folder
from graders.recording.schema import EnvironmentRecord, Limits
from graders.result import CheckResult, DataSetUse, Result
from graders.sandbox import Bounds, ForkServer, Job, Sandbox, ServedFile, Wish, find_isolation
from graders.sandbox.process import GRACE_SECONDS
from graders.sandbox.talk import Answerer, Progress
from graders.sandbox.view import view_for
from graders.submission import Submission
from graders.submission.apart import read_cells_apart
from graders.temporary import OwnFolder
from graders.tolerance import ATTEMPTS
from graders.training.entry import load_trained, save_trained
from graders.training.repeats import own_seed_matters, wanted_again, with_attempt, with_origins
from graders.training.request import Cap
from graders.training.session import Draws, Session
from graders.training.store import Store, default_root
from graders.training.trainer import Trainer, device_of, setting_for
from reference.datasets import DataSet, locate
from reference.datasets.sources import Choice

# The student's process writes this folder of a student's results.
RECORDING = "recording"
# A process that dies may have been the machine's victim: it is run once more.
_ATTEMPTS = 2


@dataclass(frozen=True)
class Settings:
    """How to run submissions."""

    device: Literal["auto", "cpu", "gpu"] = "auto"
    timeout: float | None = None  # seconds; None: the assignment's own limit
    data: Choice = "auto"
    threads: int = 0  # TensorFlow's threads per submission; 0: its own choice
    training: Literal["full", "capped", "none"] = "full"
    store: Path | None = None  # where finished trainings are kept; None: the user's cache
    memory: float | None = None  # GB of one submission; None: the assignment's own limit
    isolation: Wish = "auto"
    draw: int = 0  # another number draws other seeds for every training: to study the grader


@dataclass
class Grader:
    """Grades submissions of one assignment; a class shares one."""

    assignment: Assignment
    settings: Settings = field(default_factory=Settings)
    server: ForkServer = field(init=False)
    sandbox: Sandbox = field(init=False)
    trainer: Trainer = field(init=False)
    data: list[DataSet] = field(init=False)
    checker: Checker = field(init=False)
    _folder: Path = field(init=False, repr=False)
    _own: OwnFolder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.server = ForkServer(self.settings.device)
        # TensorFlow is imported beside us while the data are read.
        self.server.warm_up()
        self._own = OwnFolder("data")
        self._folder = self._own.path
        self.data = [locate(name, self.settings.data) for name in self.assignment.data_sets]
        device = device_of(self.settings.device)
        self.checker = Checker(self.assignment, self.data, self.cap, device)
        served = self._serve()
        store = Store(self.settings.store or default_root(), on_damage=self._note)
        self.sandbox = self._sandbox(served, store)
        self.trainer = Trainer(
            server=self.server,
            store=store,
            setting=setting_for(device, self.cap, served, self.assignment.test_sets),
            limits=self.assignment.training,
            data=served,
            test_sets=self.assignment.test_sets,
            cache=self._folder,
        )

    def _sandbox(self, served: list[ServedFile], store: Store) -> Sandbox:
        """Find out how student code can be kept in here.

        Raises:
            IsolationError: it can't, and it was required.

        """
        bounds = self._bounds()
        view = view_for(
            self.settings.device,
            data=[Path(file.path) for file in served],
            hidden=[self.assignment.folder, store.root],
        )
        isolation = find_isolation(view, bounds, self._folder / "root", self.settings.isolation)
        return Sandbox(self.server, isolation, bounds)

    def _bounds(self) -> Bounds:
        cores = os.cpu_count() or 1
        memory = self.settings.memory or self.assignment.memory_limit
        return Bounds(
            memory=int(memory * 1e9),
            disk=int(self.assignment.disk_limit * 1e9),
            processes=256 + 16 * cores,
            cpu_seconds=int((self._seconds + GRACE_SECONDS) * cores),
        )

    @property
    def _seconds(self) -> float:
        return self.settings.timeout or self.assignment.time_limit

    @property
    def cap(self) -> Cap | None:
        """Bounds of each training, with `--training capped`."""
        return cap_of(self.assignment, self.settings)

    def grade(
        self,
        submission: Submission,
        out: Path,
        progress: Progress | None = None,
        *,
        run_key: str = "",
    ) -> Result:
        """Grade one submission.

        Leaves in the folder `out`: `recording/` (from the student's process), `trained/` and
        `run.json` (from ours); the result is the caller's to write. Whatever is wrong with the
        submission ends up in the result; nothing is raised for it.

        Args:
            submission: what was handed in.
            out: the folder.
            progress: is told of each cell and training.
            run_key: of all that the run depends on beside the submission, for `run.json`.

        Raises:
            AssignmentError: the checks and the sheet don't fit together, so nobody can be graded.

        """
        out.mkdir(parents=True, exist_ok=True)
        ran = self.run(submission, out, progress)
        ran.run_key = run_key
        # Before the checks: where those are broken, the run isn't lost.
        ran.save(out)
        result = self.checker.check(ran, out)
        for attempt in range(1, ATTEMPTS):
            wanted = wanted_again(result)
            if not wanted:
                break
            if progress is not None:
                progress({"event": "attempt", "attempt": attempt + 1})
            self._attempt(
                ran, submission, out, Draws(self.settings.draw, attempt, wanted), progress
            )
            result = self.checker.check(ran, out)
        return result

    def run(self, submission: Submission, out: Path, progress: Progress | None = None) -> Ran:
        """Run a submission in its own process, and say how that went."""
        ran = Ran(
            assignment=self.assignment.address,
            submission=submission.info(),
            data_sets=_used(self.data),
            training=self.settings.training,
            cap=self.cap,
        )
        try:
            self._run(ran, submission, out, progress)
        except SubmissionError as error:
            ran.problem, ran.blame = str(error), "unusable"
        except RunError as error:
            ran.problem, ran.blame = str(error), "error"
        return ran

    def tidy_up(self) -> None:
        """Keep the store within its size."""
        try:
            self.trainer.store.prune()
        except StoreError as error:
            self._note(str(error))

    def stop(self) -> None:
        """End whatever is running, and begin nothing more."""
        self.trainer.stop()
        self.server.stop()

    def _run(self, ran: Ran, submission: Submission, out: Path, progress: Progress | None) -> None:
        recording = out / RECORDING
        # First, so that no former recording stays beside a submission that can't be read.
        _remove(recording)
        content = submission.read()
        ids = {exercise.id for exercise in self.assignment.exercises}
        ran.cells = read_cells_apart(self.server, submission.file_name, content, ids)
        draws = Draws(self.settings.draw)
        job = self._job(ran, submission, out, _seed_of(content, draws.of_others))
        brought = submission.brought()
        ended = self._run_once(job, brought, recording, draws, progress)
        while ended.how == "died" and ended.attempts < _ATTEMPTS:
            attempts = ended.attempts + 1
            _remove(recording)
            ended = self._run_once(job, brought, recording, draws, progress)
            ended.attempts = attempts
        ran.ended = ended
        ran.environment = _environment(self.trainer.setting.device, job.seed, ended.isolation)

    def _attempt(
        self,
        ran: Ran,
        submission: Submission,
        out: Path,
        draws: Draws,
        progress: Progress | None,
    ) -> None:
        """Run a submission once more with fresh seeds for some trainings, for their sake alone.

        Only what was asked for is new, so everything else is known already. Nothing of the second
        run is kept but the accuracies of these trainings.
        """
        found = load_trained(trusted_folder(out / RECORDING))
        draws = replace(draws, anew=with_origins(found, draws.anew))
        content = submission.read()
        # A training that only the submission's own process can repeat has its seed from there.
        own = own_seed_matters(found, draws.anew)
        seed = _seed_of(content, draws.of(min(draws.anew)) if own else draws.of_others)
        again = []
        with OwnFolder("attempt") as place:
            recording = place.path / RECORDING
            # Whatever befalls a further attempt, the first one stands.
            with suppress(RunError):
                job = self._job(ran, submission, out, seed)
                self._run_once(job, submission.brought(), recording, draws, progress)
                again = load_trained(trusted_folder(recording))
        save_trained(with_attempt(found, again, draws), trusted_folder(out / RECORDING))

    def _job(self, ran: Ran, submission: Submission, out: Path, seed: int) -> Job:
        return Job(
            name=submission.file_name,
            cells=ran.cells,
            hidden=[str(folder.resolve()) for folder in (out.parent, submission.path.parent)],
            data=self.trainer.data,
            limits=Limits(seconds=self._seconds),
            seed=seed,
            device=self.settings.device,
            threads=self.settings.threads,
            training=self.settings.training,
            cap=self.cap,
            own_images=bool(self.assignment.test_sets),
        )

    def _run_once(
        self,
        job: Job,
        brought: Mapping[str, bytes],
        recording: Path,
        draws: Draws,
        progress: Progress | None,
    ) -> Ended:
        def answers(exchange: Path) -> Answerer:
            return Session(self.trainer, exchange, trusted_folder(recording), progress, draws)

        return self.sandbox.run(job, recording, answers, progress, brought)

    def _serve(self) -> list[ServedFile]:
        """Write the data sets once so that every process of the class reads them fast."""
        served = []
        for data in self.data:
            path = self._folder / f"{data.name}.npz"
            KnownData.of(data.name, data.load()).write(path)
            path.chmod(0o644)  # whatever the umask: a runner may be another user
            served.append(
                ServedFile(
                    name=data.name,
                    path=str(path),
                    source=data.source,
                    fingerprint=data.fingerprint,
                )
            )
        return served

    def _note(self, sentence: str) -> None:
        self.trainer.warn(sentence)


@dataclass
class Checker:
    """Makes results from what runs have left behind; runs no student code and trains nothing."""

    assignment: Assignment
    data: list[DataSet]
    cap: Cap | None = None
    device: str = "cpu"

    @cached_property
    def expected(self) -> Expectations:
        """The expected values, measured under the same circumstances as the submission's."""
        return Expectations.load(self.assignment.id).under(self.cap, self.device)

    def check(self, ran: Ran, folder: Path) -> Result:
        """Check what a run has left in a folder; writes nothing.

        Whatever goes wrong with one submission ends up in its result.

        Raises:
            AssignmentError: the checks and the sheet don't fit together, so nobody can be graded.

        """
        try:
            return self._result(ran, folder)
        except AssignmentError:
            raise
        except Exception as error:
            if is_about_the_disk(error):
                raise
            return grader_failed(self.assignment, ran.submission, error)

    def _result(self, ran: Ran, folder: Path) -> Result:
        if ran.ended is None:
            return unusable(self.assignment, ran.submission, ran.problem, ran.blame or "error")
        try:
            context = self.open(folder / RECORDING, ran)
            checks = run_checks(context)
            verify_points(self.assignment, checks)
            return compose(context, ran.submission, checks, ran.ended)
        except (RunError, RecordingError) as error:
            return unusable(self.assignment, ran.submission, str(error), "error")

    def open(self, recording: Path, ran: Ran | None = None) -> CheckContext:
        """Open a recording for checking.

        Args:
            recording: its folder.
            ran: what we know of the run ourselves; it takes the place of what the recording says.

        Raises:
            RunError: the process died, and what it left can't be read.

        """
        try:
            folder = RecordingFolder.open(recording)
        except RecordingError as error:
            ended = ran.ended if ran is not None else None
            if ended is not None and ended.how == "died":
                raise RunError.died(ended.detail, ended.attempts) from error
            raise RunError.no_recording(str(error)) from error
        if ran is not None and ran.environment is not None:
            known = {"cells": ran.cells, "environment": ran.environment}
            folder.data = folder.data.model_copy(update=known)
        return CheckContext(
            self.assignment, folder, self.expected, self.data, self.cap, self.device
        )


def cap_of(assignment: Assignment, settings: Settings) -> Cap | None:
    """Return the bounds of each training, with `--training capped`."""
    return assignment.training.cap if settings.training == "capped" else None


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


def run_submission(folder: Path, submission: Path, out: Path) -> CheckContext:
    """Run a submission for a plain `pytest FOLDER --submission FILE`.

    Raises:
        SubmissionError: the file can't be read.
        RunError: the process left no recording.

    """
    grader = Grader(load_assignment(folder))
    ran = grader.run(Submission(submission.stem, submission), out)
    if ran.ended is None:
        raise SubmissionError(ran.problem) if ran.blame == "unusable" else RunError(ran.problem)
    return grader.checker.open(out / RECORDING, ran)


def open_recording(folder: Path, recording: Path) -> CheckContext:
    """Open an earlier recording for a plain `pytest FOLDER --recording DIR`."""
    assignment = load_assignment(folder)
    data = [locate(name, "auto") for name in assignment.data_sets]
    return Checker(assignment, data).open(recording)


def _remove(recording: Path) -> None:
    """Remove a recording, and what was trained for it."""
    for folder in (recording, trusted_folder(recording)):
        shutil.rmtree(folder, ignore_errors=True)


def _seed_of(content: bytes, draw: int) -> int:
    """Draw the seed of a submission's own process from what was handed in."""
    drawn = f" {draw}".encode() if draw else b""
    return int(hashlib.sha256(content + drawn).hexdigest()[:8], 16)


def _environment(device: str, seed: int, isolation: list[str]) -> EnvironmentRecord:
    """Describe where a run took place, from our side: what its process says of it is a claim."""
    return EnvironmentRecord(
        python=platform.python_version(),
        tensorflow=metadata.version("tensorflow"),
        keras=metadata.version("keras"),
        platform=platform.platform(terse=True),
        device=device,
        seed=seed,
        isolation=isolation,
    )


def _used(data: list[DataSet]) -> list[DataSetUse]:
    return [DataSetUse(name=d.name, source=d.source, fingerprint=d.fingerprint) for d in data]
