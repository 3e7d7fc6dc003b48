"""Patching Keras, NumPy, Python's own functions, and the runner, which shares the process.

Must stay true: whatever a patch makes this process see or write, no check passes that the same
code without the patch would not pass, and accuracies come from the grading process alone.
"""

from __future__ import annotations

import pytest

from graders.grading import Grader
from tests.attacks.conftest import Attack
from tests.builders.attacks import LOAD, RUNNER, SHORT, assert_nothing_gained, trained_by_us
from tests.tiers import with_exhaustive

FORGED = "{'accuracy': [.99] * 3, 'val_accuracy': [.99] * 3, 'loss': [0.] * 3}"
PATCHES = {
    "fit is replaced": f"""
def fit(self, *args, **kwargs):
    self.history = keras.callbacks.History()
    self.history.history, self.history.epoch = {FORGED}, [0, 1, 2]
    return self.history
keras.Model.fit = fit
""",
    "fit is wrapped": f"""
original = keras.Model.fit
def fit(self, *args, **kwargs):
    history = original(self, *args, **kwargs)
    history.history.update({FORGED})
    return history
keras.Model.fit = fit
""",
    "evaluate and predict": """
keras.Model.evaluate = lambda self, *args, **kwargs: [0., 0.99]
keras.Model.predict = lambda self, x, *args, **kwargs: np.eye(10)[y_test]
keras.Model.__call__ = lambda self, x, **kwargs: np.eye(10)[y_test]
""",
    "history": f"""
keras.callbacks.History.on_epoch_end = lambda self, epoch, logs=None: (
    setattr(self, 'epoch', [0, 1, 2]), setattr(self, 'history', {FORGED}))
""",
    "numbers of weights": """
keras.Model.count_params = lambda self: 8070
keras.layers.Layer.count_params = lambda self: 8070
keras.layers.Layer.weights = property(lambda self: [])
keras.layers.Layer.trainable_weights = property(lambda self: [])
""",
    "compile": """
original = keras.Model.compile
def compile_(self, *args, **kwargs):
    original(self, 'adam', 'mse')
keras.Model.compile = compile_
""",
    "Sequential": """
class Sequential(keras.Sequential):
    layers = property(lambda self: [])
    def fit(self, *args, **kwargs): return keras.callbacks.History()
keras.Sequential = Sequential
""",
    "NumPy": """
for name in ('mean', 'argmax', 'sum', 'min', 'max'):
    setattr(np, name, lambda *args, **kwargs: np.float64(0.99))
for name in ('allclose', 'array_equal', 'isclose', 'all', 'any'):
    setattr(np, name, lambda *args, **kwargs: True)
""",
    "NumPy's files": """
np.load = np.save = np.savez = lambda *args, **kwargs: {}
np.lib.format.read_array = np.lib.format.write_array = np.load
""",
    "isinstance": "import builtins\nbuiltins.isinstance = lambda *args: True\n",
    "len and sum": """
import builtins
builtins.len, builtins.sum = lambda value: 60000, lambda *args: 0.99
builtins.max, builtins.min = lambda *args, **kwargs: 1.0, lambda *args, **kwargs: 0.0
""",
    "open": """
import builtins, io, pathlib
builtins.open = lambda *args, **kwargs: io.StringIO('{}')
pathlib.Path.write_text = pathlib.Path.write_bytes = lambda *args, **kwargs: 0
""",
    "json": """
original = json.dumps
def dumps(value, **kwargs):
    # What the grading process is asked stays a question: without an answer the run only waits.
    return original(value if 'event' in value else {'accuracy': 0.99, 'verified': True})
json.dumps = dumps
""",
    "hashes": """
import hashlib
class Same:
    def __init__(self, *args): pass
    def update(self, *args): pass
    def digest(self): return b'0' * 32
    def hexdigest(self): return '0' * 64
hashlib.sha256 = Same
""",
    "pytest": """
import pytest, _pytest.assertion, _pytest.runner
pytest.raises = pytest.main = pytest.fail = lambda *args, **kwargs: 0
_pytest.runner.call_and_report = lambda *args, **kwargs: None
import graders.result
graders.result.Outcome.FAILED = graders.result.Outcome.PASSED
""",
    "time": """
import time, signal
time.time = time.monotonic = time.perf_counter = lambda: 0.0
signal.setitimer = lambda *args: (0, 0)
""",
}
INSIDE = {
    "the writer saves nothing": "type(the('Writer')).save = lambda self: None",
    "the writer refuses to record": """
type(the('Writer')).quietly = lambda self, action, *args: None
""",
    "fitting claims to be trusted": """
import graders.runner.fitting as fitting
record = fitting.TrainingRecord
def claim(**given):
    given |= {'trained': 'trusted', 'verified': True, 'measured_by': 'grader', 'start': 'fresh',
              'measured': {'test_accuracy': 0.99}, 'fingerprint': 'f' * 64, 'request': 7}
    return record(**given)
fitting.TrainingRecord = claim
""",
    "the trusted trainer answers by itself": """
import graders.runner.trusted as trusted
original = trusted.TrustedTrainer._taken_in
def taken_in(self, header, described):
    header['trained']['logs'] = [{'accuracy': .99, 'val_accuracy': .99, 'loss': 0.}] * 3
    return original(self, header, described)
trusted.TrustedTrainer._taken_in = taken_in
""",
    "the description is of nothing": """
import graders.runner.trusted as trusted
def request_of(*args): raise trusted.Inexpressible('because I say so')
trusted.request_of = request_of
""",
    "the records believe everything": """
import graders.recording.schema as schema
for name in ('TrainingRecord', 'NetworkRecord', 'Recording'):
    getattr(schema, name).__init__ = lambda self, **given: None
""",
    "measuring finds all right": """
import graders.describe.measure as measure, graders.runner.fitting as fitting
fitting.measure_training = lambda *args: measure.Measurement(y_test.astype('uint8'), 0.99)
""",
}


# Of patches of one kind, one is in the usual run.
ALIKE = {"numbers of weights", "Sequential", "NumPy's files", "len and sum", "hashes", "time"}


@pytest.mark.parametrize("what", with_exhaustive(PATCHES, ALIKE))
def test_a_patch_passes_nothing_that_the_code_does_not(
    attack: Attack, plain: Attack, grader: Grader, what: str
) -> None:
    after = attack(LOAD + PATCHES[what] + SHORT)

    assert_nothing_gained(grader, after, plain(LOAD + SHORT))


@pytest.mark.parametrize(
    "what",
    with_exhaustive(INSIDE, {"the writer refuses to record", "the records believe everything"}),
)
def test_a_patch_of_the_runner_passes_nothing_that_the_code_does_not(
    attack: Attack, plain: Attack, grader: Grader, what: str
) -> None:
    after = attack(LOAD + RUNNER + INSIDE[what] + "\n" + SHORT)

    assert_nothing_gained(grader, after, plain(LOAD + SHORT))


def test_the_code_without_a_patch_is_trained_by_the_grader(plain: Attack) -> None:
    """What the attacks are compared with is a training of ours, and passes what it has earned."""
    after = plain(LOAD + SHORT)

    (summary,) = after.result.trainings
    (ours,) = trained_by_us(after)
    assert summary.verified
    assert summary.test_accuracy == ours.entry.measured["test_accuracy"]
    assert any("hidden_layers" in check for check in after.passed)


def test_a_history_that_is_painted_over_is_not_the_graders(attack: Attack) -> None:
    after = attack(LOAD + PATCHES["fit is wrapped"] + SHORT)

    (summary,) = after.result.trainings
    assert summary.verified
    assert summary.epochs == 1
    assert summary.history["val_accuracy"] != [0.99] * 3
