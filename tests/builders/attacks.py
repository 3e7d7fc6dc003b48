"""Pieces of student code that attacks are put together from, and a strict judge of accuracies.

The small data have no measured ranges, and a check without a range leaves its points open whatever
is claimed. `judged` gives them ranges, so that a forged accuracy would pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graders.expectations import Expectations
from graders.grading import Checker, Grader
from graders.ran import Ran
from graders.recording.reader import trusted_folder
from graders.result import Outcome, Result
from graders.tolerance import LEAST
from graders.training.entry import Trained, load_trained
from tests.builders.ranges import measured

if TYPE_CHECKING:
    from tests.attacks.conftest import Aftermath

# What three epochs on 60,000 images reach; none on the small data do.
OUT_OF_REACH = 0.95
# What a network that has learnt something reaches, and an untrained one does not.
WITHIN_REACH = 0.25

LOAD = """
import json, os, sys
import numpy as np, keras
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = x_train.reshape(-1, 784).astype('float32') / 255
x_test = x_test.reshape(-1, 784).astype('float32') / 255
"""

# What comes of an action: "done", or the name of its error.
TRIED = """
def tried(action, *arguments):
    try:
        action(*arguments)
        return "done"
    except OSError as error:
        return type(error).__name__
"""

# Everything that the runner keeps for itself can be found: it is the same process.
RUNNER = """
import gc, json
def the(name):
    return next(o for o in gc.get_objects() if type(o).__name__ == name)
"""

# Requests as the runner makes them, to be changed and sent by hand.
ASK = f"""{RUNNER}
import inspect, pathlib
from graders.training.describe import request_of
trusted = the('TrustedTrainer')
def described(model, **arguments):
    bound = inspect.signature(keras.Model.fit).bind(model, **arguments)
    bound.apply_defaults()
    found = request_of(model, bound.arguments)
    return json.loads(found.request.model_dump_json()), found.arrays
def say(**event):
    trusted.channel.send_bytes(json.dumps(event).encode())
    reply = json.loads(trusted.channel.recv_bytes())
    if 'trained' in reply: trusted.channel.recv_bytes()
    return reply
def hand_over(arrays, names):
    for name in names:
        np.asarray(arrays[name], 'float32').tofile(trusted.exchange / (name + '.f32'))
"""


def build(units: int = 10, rate: float = 0.01) -> str:
    """Code that builds and compiles the network of 1c, or that of 1h with 64 units."""
    return (
        "model = keras.Sequential([keras.Input((784,)), "
        f"keras.layers.Dense({units}, activation='relu'), "
        f"keras.layers.Dense({units}, activation='relu'), "
        "keras.layers.Dense(10, activation='softmax')])\n"
        f"model.compile(keras.optimizers.SGD({rate}), 'sparse_categorical_crossentropy', "
        "metrics=['accuracy'])\n"
    )


def fit(**arguments: object) -> str:
    """Code that trains a network as 1f asks for, but for the arguments that are given."""
    given: dict[str, object] = {"epochs": 1, "verbose": 0} | arguments
    words = "".join(f", {key}={value!r}" for key, value in given.items())
    return f"history = model.fit(x_train, y_train, validation_data=(x_test, y_test){words})\n"


# A network that was trained too short, a wrong number, and a guess at the boots.
SHORT = (
    f"{build()}{fit()}"
    "scores = model.evaluate(x_test, y_test, verbose=0)\n"
    "answers = {'1d': model.count_params() + 1, '1g': 0.5}\n"
    "KyIA = np.ones((5, 5))\n"
    "boots = [1, 2, 3]\nfirst_wrong = 499\n"
)


# What plain code has passed, by the folder of its run: each of its attacks is compared with it.
_passed_plainly: dict[Path, set[str]] = {}


def judged(grader: Grader, after: Aftermath, ranges: Mapping[str, float] | None = None) -> Result:
    """Check a run again, with ranges for the small data: experiment to accuracy.

    All scores of a range are the same, whatever the batch size: so its limits are one, and what
    lies below earns nothing. One attempt decides, else what is too low would be left open.
    """
    checker = Checker(grader.assignment, grader.data)
    known = Expectations.load(grader.assignment.id)
    wanted = ranges or dict.fromkeys(("small", "wide", "cnn", "strided", "adam"), OUT_OF_REACH)
    groups = [
        measured(experiment, [low] * LEAST, batch_size, data=grader.data[0].fingerprint)
        for experiment, low in wanted.items()
        for batch_size in (1, 10_000)
    ]
    vars(checker)["expected"] = known.model_copy(update={"measured": groups})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graders.checks.scores.ATTEMPTS", 1)
        return checker.check(Ran.load(after.folder), after.folder)


def passed(result: Result) -> set[str]:
    """Checks that were passed."""
    return {check.id for check in result.checks if check.outcome is Outcome.PASSED}


def outcome(result: Result, check: str) -> Outcome:
    """How the first check ended whose id holds this text."""
    return next(c.outcome for c in result.checks if check in c.id)


def trained_by_us(after: Aftermath) -> list[Trained]:
    """What the grading process has trained for a submission, by its own account."""
    found = load_trained(trusted_folder(after.folder / "recording"))
    return [one for one in found if isinstance(one, Trained)]


def assert_nothing_gained(grader: Grader, attacked: Aftermath, plain: Aftermath) -> None:
    """Assert that an attack passes no check, and has no accuracy, that the plain code hasn't."""
    if plain.folder not in _passed_plainly:
        _passed_plainly[plain.folder] = passed(judged(grader, plain))
    gained = passed(judged(grader, attacked)) - _passed_plainly[plain.folder]
    assert not gained, f"gained: {sorted(gained)}"
    ours = [one.entry.measured.get("test_accuracy") for one in trained_by_us(attacked)]
    for summary in attacked.result.trainings:
        assert not summary.verified or summary.test_accuracy in ours
        assert summary.test_accuracy is None or summary.test_accuracy < OUT_OF_REACH
