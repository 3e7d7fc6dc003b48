"""Real runs that are given further attempts: a fresh seed for one training, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from graders.assignment import load_assignment
from graders.expectations import Expectations
from graders.grading import RECORDING, Grader, Settings
from graders.ran import Ran
from graders.recording.reader import trusted_folder
from graders.result import CheckResult, Outcome, Result, ScoreEvidence
from graders.submission import Submission
from graders.tolerance import LEAST
from graders.training.entry import load_trained
from tests.builders.ranges import measured
from tests.tiers import with_exhaustive

pytestmark = pytest.mark.sandbox

CHECK = "test_accuracy_of_the_small_network"
OUT_OF_REACH = 0.999

LOAD = """
import pathlib, numpy as np, keras
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train, x_test = (x.reshape(-1, 784).astype('float32') / 255 for x in (x_train, x_test))
def build(units):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(units, activation='relu'),
        keras.layers.Dense(units, activation='relu'), keras.layers.Dense(10, activation='softmax')])
    model.compile('sgd', 'sparse_categorical_crossentropy', metrics=['accuracy'])
    return model
test = dict(validation_data=(x_test, y_test), verbose=0)
"""
# The networks of 1c and of 1h.
SMALL = "model = build(10)\nmodel.fit(x_train, y_train, epochs=3, batch_size={size}, **test)\n"
WIDE = "wide = build(64)\nwide.fit(x_train, y_train, epochs=3, **test)\n"


def work(size: int = 32) -> str:
    return "\n# %%\n".join([LOAD, SMALL.format(size=size), WIDE])


@dataclass
class Class:
    """Grades source code with a made-up cutoff for the small network."""

    grader: Grader
    folder: Path
    trained: list[str] = field(default_factory=list)  # names of what was not in the store
    runs: int = 0

    def grade(self, source: str, cutoff: float = OUT_OF_REACH) -> Graded:
        self.expect(cutoff)
        self.runs += 1
        path = self.folder / f"{self.runs}.py"
        path.write_text(source, encoding="utf-8")
        out = self.folder / f"out-{self.runs}"
        self.trained.clear()
        told: list[dict[str, Any]] = []
        result = self.grader.grade(Submission("alice", path), out, told.append)
        return Graded(result, out, list(self.trained), told)

    def expect(self, cutoff: float) -> None:
        data = self.grader.data[0].fingerprint
        groups = [measured("small", [cutoff] * LEAST, size, data=data) for size in (1, 10_000)]
        known = Expectations.load("fashion_cnn")
        self.grader.checker.expected = known.model_copy(update={"measured": groups})


@dataclass
class Graded:
    result: Result
    folder: Path
    trained: list[str]  # names of the trainings that had to be done, in order
    told: list[dict[str, Any]]

    @property
    def check(self) -> CheckResult:
        return next(check for check in self.result.checks if CHECK in check.id)

    @property
    def score(self) -> ScoreEvidence:
        (score,) = [e for e in self.check.evidence if isinstance(e, ScoreEvidence)]
        return score

    @property
    def attempts(self) -> list[int]:
        return [event["attempt"] for event in self.told if event["event"] == "attempt"]

    def repeats(self) -> list[list[float | None]]:
        """Further test accuracies of each training, in the order of the requests."""
        found = load_trained(trusted_folder(self.folder / RECORDING))
        found = sorted(found, key=lambda one: one.request)
        return [[(again or {}).get("test_accuracy") for again in one.repeats] for one in found]


@pytest.fixture(scope="module")
def grader(small_data: Path, own_store: Path) -> Iterator[Grader]:
    settings = Settings(
        device="cpu",
        timeout=120,
        data="local",
        threads=1,
        store=own_store,
        isolation="off",  # so that a submission can know that it runs for the second time
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENSORMARK_DATA", str(small_data))
        made = Grader(load_assignment("fashion_cnn"), settings)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def students(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    made = Class(grader, tmp_path_factory.mktemp("class"))
    carry_out = grader.trainer.train

    def spied(name: str, *arguments: Any) -> Any:
        made.trained.append(name)
        return carry_out(name, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grader.trainer, "train", spied)
        yield made


@dataclass
class Unlucky:
    """Work whose first accuracy is not its best, and what its three attempts reach."""

    source: str
    graded: Graded

    @property
    def reached(self) -> list[float]:
        return self.graded.score.observed


@pytest.fixture(scope="module")
def unlucky(students: Class) -> Unlucky:
    for size in (32, 36, 40, 44, 48, 52):
        graded = students.grade(work(size))
        if max(graded.score.observed) > graded.score.observed[0]:
            return Unlucky(work(size), graded)
    pytest.fail("six times the first of three attempts was the best")


# -- attempts -------------------------------------------------------------------------------


def test_a_cutoff_out_of_reach_is_failed_after_exactly_three_attempts(unlucky):
    graded = unlucky.graded

    assert graded.check.outcome is Outcome.FAILED
    assert graded.check.score == 0
    assert len(set(graded.score.observed)) == 3, "three seeds"
    assert graded.score.again == []
    assert graded.attempts == [2, 3]


def test_only_the_training_in_question_is_trained_again(students):
    graded = students.grade(work(size=28) + "# %%\nmodel = build(12)\n" + SMALL.format(size=28))
    names = [t.fingerprint for t in graded.result.trainings]

    # Each of the first run once, if it isn't known yet; then one for each further attempt.
    first_run = [name for name in graded.trained if name in names]
    further = [name for name in graded.trained if name not in names]
    assert len(set(graded.trained)) == len(graded.trained)
    assert graded.trained == first_run + further
    assert [len(repeats) for repeats in graded.repeats()].count(2) == len(further) // 2 == 1


def test_a_better_attempt_passes_and_every_attempt_is_shown(students, unlucky):
    cutoff = max(unlucky.reached)
    needed = unlucky.reached.index(cutoff) + 1

    graded = students.grade(unlucky.source, cutoff)

    assert graded.check.outcome is Outcome.PASSED
    assert graded.check.score == graded.check.points
    assert graded.score.observed == unlucky.reached[:needed]
    assert graded.attempts == list(range(2, needed + 1))


def test_a_first_attempt_that_is_good_enough_is_the_only_one(students, unlucky):
    graded = students.grade(unlucky.source, unlucky.reached[0])

    assert graded.check.outcome is Outcome.PASSED
    assert graded.score.observed == unlucky.reached[:1]
    assert graded.attempts == []


def test_the_same_work_handed_in_again_draws_no_other_numbers(students, unlucky):
    again = students.grade(unlucky.source)
    commented = students.grade("# please, another try\n" + unlucky.source + "\n# thank you\n")

    assert again.score.observed == commented.score.observed == unlucky.reached
    assert again.trained == commented.trained == []


def test_checking_again_what_was_graded_gives_the_same(students, unlucky):
    graded = unlucky.graded
    students.expect(OUT_OF_REACH)

    again = students.grader.checker.check(Ran.load(graded.folder), graded.folder)

    (check,) = [c for c in again.checks if CHECK in c.id]
    assert check == graded.check


def test_nothing_of_a_second_run_is_kept_but_accuracies(students, unlucky):
    shown = unlucky.source + "\nimport os\ndrawn = os.urandom(8).hex()\n"

    once = students.grade(shown, cutoff=0.0)
    thrice = students.grade(shown)

    fields = {"execution", "graded_at", "exercises", "score", "pending", "submission"}
    assert once.result.model_dump(exclude=fields) == thrice.result.model_dump(exclude=fields)


# -- epoch by epoch, and in the student's own process ---------------------------------------

LOOP = LOAD + (
    "# %%\nmodel = build(10)\n"
    "for _ in range(3):\n    model.fit(x_train, y_train, epochs=1, batch_size=31, **test)\n"
    # Else the epochs would be taken for the other trainings of part 1.
    "# %%\nslow = build(10)\nslow.compile(keras.optimizers.SGD(0.005), "
    "'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
    "slow.fit(x_train, y_train, epochs=3, **test)\n# %%\n" + WIDE
)


def test_a_fit_in_a_loop_is_drawn_anew_from_its_first_epoch(students):
    graded = students.grade(LOOP)
    *loop, slow, wide = graded.repeats()

    assert graded.check.outcome is Outcome.FAILED
    assert len(set(graded.score.observed)) == 3
    assert loop[2] == graded.score.observed[1:]
    assert all(len(set(repeats)) == 2 for repeats in loop)
    assert (slow, wide) == ([], [])


OWN = "keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)"


def test_what_only_the_students_process_can_train_is_given_another_seed_there(students):
    source = LOAD + SMALL.format(size=32).replace("**test", f"callbacks=[{OWN}], **test")
    graded = students.grade(source)

    (training,) = graded.result.trainings
    assert not training.verified
    assert graded.trained == []
    assert graded.check.outcome is Outcome.FAILED
    assert len(set(graded.score.observed)) == 3


# -- something else the second time ---------------------------------------------------------

MARKED = """
marker = pathlib.Path({marker!r})
again = marker.exists()
marker.touch()
"""
OTHERWISE = {
    "more epochs": "model = build(10)\n"
    "model.fit(x_train, y_train, epochs=9 if again else 3, **test)\n",
    "another network": "model = build(256 if again else 10)\n"
    "model.fit(x_train, y_train, epochs=3, **test)\n",
    "other steps": "model = build(10)\n"
    "model.fit(x_train, y_train, epochs=3, batch_size=8 if again else 32, **test)\n",
    "the test set": "model = build(10)\nx, y = (x_test, y_test) if again else (x_train, y_train)\n"
    "model.fit(x, y, epochs=3, **test)\n",
    "trained before": "model = build(10)\n"
    "if again: model.fit(x_train, y_train, epochs=9, **test)\n"
    "model.fit(x_train, y_train, epochs=3, **test)\n",
    "nothing": "model = build(10)\nif not again: model.fit(x_train, y_train, epochs=3, **test)\n",
    "an error": "if again: 1 / 0\nmodel = build(10)\n"
    "model.fit(x_train, y_train, epochs=3, **test)\n",
}


# What tells these from the first training is one comparison, of which tests/training/test_repeats
# has every part.
ALIKE = {"another network", "other steps", "the test set"}


@pytest.fixture(scope="module")
def honest(students: Class) -> float:
    """The accuracy of the training that all of them do the first time."""
    graded = students.grade(LOAD + "again = False\n" + OTHERWISE["nothing"], cutoff=0.0)
    (first,) = graded.score.observed
    return first


@pytest.mark.parametrize("what", with_exhaustive(OTHERWISE, ALIKE))
def test_who_does_something_else_the_second_time_is_left_open_and_gains_nothing(
    students, honest, tmp_path, what
):
    just_above = math.nextafter(honest, 1)

    marked = MARKED.format(marker=str(tmp_path / "marker"))
    graded = students.grade(LOAD + marked + OTHERWISE[what], just_above)

    assert (tmp_path / "marker").exists()
    assert graded.check.outcome is Outcome.UNSCORED
    assert "can't be repeated" in graded.check.message
    assert graded.score.observed == [honest]
    assert graded.attempts == [2, 3]
