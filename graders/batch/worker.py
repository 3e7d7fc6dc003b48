"""What a worker of a Dask cluster does for a class: one submission after the other, packed."""

from __future__ import annotations

import io
import json
import multiprocessing
import time
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from platform import node
from threading import Event, RLock, Thread
from typing import Any, Self

from graders.assignment import load_assignment
from graders.batch.keys import Recipe, checks_key
from graders.batch.runs import threads_for
from graders.batch.task import Task, carry_out
from graders.errors import ClassError, RunError, TensormarkError, is_about_the_disk
from graders.grading import Grader
from graders.sandbox.server import StoppedError
from graders.temporary import OwnFolder

# What a worker tells of one submission: the events come from the student's process.
_TOLD = ("cell", "epoch", "attempt", "of")
_MOST_TOLD, _LARGEST_TOLD = 2_000, 10**9
# A class that was silent so long may be over, its coordinator killed.
_IDLE_SECONDS = 600.0
_LOOK_SECONDS = 1.0


def see_worker(recipe: Recipe, of_class: str) -> str:
    """Get ready to grade on this worker; returns a sentence where it can't, else nothing."""
    try:
        _member(recipe, of_class)
    except TensormarkError as error:
        return str(error)
    return ""


def run_packed(recipe: Recipe, task: Task, of_class: str) -> bytes:
    """Grade a submission on this worker.

    Returns:
        Its folder, packed.

    Raises:
        AssignmentError: the assignment itself is broken, so no grade can be trusted.
        StoppedError: the class was ended.
        ClassError: this worker can't take part, or its disk is full.

    """
    tell = _Telling.of(task, of_class)
    key = tell.worker.get_current_task()
    with _lock:
        member = _member(recipe, of_class)
        member.running.append(key)
    tell.say()
    over = Event()
    Thread(target=_watch, args=(tell.worker, of_class, member, over), daemon=True).start()
    try:
        with OwnFolder("task") as place:
            folder = place.path / "student"
            carry_out(member.grader, task, folder, tell.event)
            content = _packed(folder)
    except OSError as error:
        if is_about_the_disk(error):
            raise ClassError.worker(node(), f"{error.strerror}.") from error
        # Anything else may be this submission's alone.
        raise RunError.died(str(error)) from error
    finally:
        over.set()
        member.running.remove(key)
        member.used = time.monotonic()
    return content


def end_class(of_class: str) -> list[str]:
    """End whatever this worker runs for a class; returns nothing."""
    with _lock:
        _ended.add(of_class)
        member = _members.pop(of_class, None)
    if member is not None:
        member.grader.stop()
    return []


def let_go(of_class: str) -> list[str]:
    """Let go of a class that is graded; returns what this worker has to say of it."""
    with _lock:
        member = _members.pop(of_class, None)
    if member is None:
        return []
    member.grader.tidy_up()
    return [str(ClassError.worker_says(node(), said)) for said in member.grader.trainer.warnings]


@dataclass
class _Member:
    """What a worker has ready for one class: classes that are graded at once don't mix."""

    grader: Grader
    running: list[Any] = field(default_factory=list)  # keys of its tasks
    used: float = field(default_factory=time.monotonic)

    @property
    def is_idle(self) -> bool:
        return not self.running and time.monotonic() - self.used > _IDLE_SECONDS


# Of this process, which is a worker: they are lent to many tasks.
_members: dict[str, _Member] = {}
_ended: set[str] = set()
_lock = RLock()


@dataclass
class _Telling:
    """Tells the coordinator of one submission."""

    worker: Any
    of_class: str
    student: str
    told: int = 0

    @classmethod
    def of(cls, task: Task, of_class: str) -> Self:
        from distributed import get_worker

        return cls(get_worker(), of_class, task.submission.student)

    def event(self, event: dict[str, Any]) -> None:
        """Pass on what is shown of an event; its content comes from the student's process."""
        shown = {
            name: number
            for name in _TOLD
            if isinstance(number := event.get(name), int) and 0 <= number < _LARGEST_TOLD
        }
        if shown and self.told < _MOST_TOLD:
            self.told += 1
            self.say(event=shown)

    def say(self, **what: Any) -> None:
        told = {"student": self.student, **what}
        # In ASCII: a name that is no Unicode would break the worker's connection.
        self.worker.log_event(self.of_class, json.dumps(told))


def _watch(worker: Any, of_class: str, member: _Member, over: Event) -> None:
    """Stop what runs for nobody: of a killed coordinator, the scheduler cancels every task.

    One that is cancelled among others is none of a killed coordinator: its result had arrived when
    the worker that held it died, and the scheduler had given it out once more before it knew. It
    is stopped once it runs alone, and the class may go on here.
    """
    while not over.wait(_LOOK_SECONDS):
        with _lock:
            # Of a copy: whoever ends meanwhile takes its key away.
            tasks = [worker.state.tasks.get(key) for key in tuple(member.running)]
            if all(task is not None and task.state == "cancelled" for task in tasks):
                if _members.get(of_class) is member:
                    del _members[of_class]
                member.grader.stop()
                return


def _member(recipe: Recipe, of_class: str) -> _Member:
    """Return what this process has for a class; the first call makes it.

    Raises:
        ClassError: this machine isn't like the one that the class is graded from.
        StoppedError: the class was ended.

    """
    with _lock:
        if of_class in _ended:
            raise StoppedError
        if of_class not in _members:
            for idle in [name for name, member in _members.items() if member.is_idle]:
                del _members[idle]
            _members[of_class] = _Member(_make(recipe))
        return _members[of_class]


def _make(recipe: Recipe) -> Grader:
    from distributed import get_worker

    # A nanny starts its workers as daemons, to which multiprocessing allows no children. Ours end
    # with their sandbox, whatever becomes of the worker.
    multiprocessing.current_process()._config.pop("daemon", None)  # type: ignore[attr-defined]
    try:
        assignment = load_assignment(recipe.assignment)
        if checks_key(assignment) != recipe.checks_key:
            raise ClassError.other_version(node(), recipe.assignment)
        threads = threads_for(get_worker().state.nthreads)
        grader = Grader(assignment, replace(recipe.settings, threads=threads))
    except ClassError:
        raise
    except TensormarkError as error:
        raise ClassError.worker(node(), str(error)) from error
    found = tuple(data.fingerprint for data in grader.data)
    if found != recipe.data:
        raise ClassError.other_data(node(), recipe.data, found)
    return grader


def _packed(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            if not path.is_symlink():
                archive.write(path, path.relative_to(folder))
    return content.getvalue()
