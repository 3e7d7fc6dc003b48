"""Writing the recording by hand, and everything else that a grade is made of.

Must stay true: a recording is a claim. Accuracies and verified trainings come from the grading
process, the answers that a TA reads come from the file that was handed in, and what is said of the
run (device, isolation) is our own account; result, feedback and table are never read from inside.
"""

from __future__ import annotations

import json

import pytest

from graders.grading import Grader
from graders.recording.reader import trusted_folder
from graders.report import render_html, render_markdown
from graders.result import Outcome
from tests.attacks.conftest import Aftermath, Attack
from tests.builders.attacks import (
    LOAD,
    OUT_OF_REACH,
    RUNNER,
    SHORT,
    build,
    fit,
    judged,
    outcome,
    passed,
    trained_by_us,
)
from tests.builders.submissions import code, notebook

# forged() is the recording as the attacker would like it, `claimed` one training of it.
FORGE = f"""{RUNNER}
import copy, pathlib
writer = the('Writer')
def data(split, items):
    origin = {{'data_set': 'fashion_mnist', 'split': split, 'order': 'first', 'items': items,
              'scale': 1 / 255, 'offset': 0.0}}
    x = {{'digest': 'd' * 64, 'shape': [items, 784], 'dtype': 'float32', 'minimum': 0.0,
         'maximum': 1.0, 'mean': 0.3, 'origin': origin}}
    y = {{'shape': [items], 'dtype': 'uint8', 'one_hot': False, 'classes': 10, 'agreement': 1.0}}
    return {{'x': x, 'y': y, 'form': 'arrays'}}
claimed = {{'cell': 1, 'status': 'ok', 'data': data('train', 2000), 'epochs': 3,
    'validation': data('test', 500), 'epochs_before': 0, 'batch_size': 32, 'seconds': 9.0,
    'history': {{'accuracy': [.99] * 3, 'val_accuracy': [.99] * 3, 'loss': [.01] * 3}},
    'measured': {{'test_accuracy': 0.99}}, 'measured_by': 'grader', 'verified': True,
    'trained': 'trusted', 'start': 'fresh', 'reused': True, 'fingerprint': 'f' * 64}}
def forged(requests=(None, 0, 0, 1, 99)):
    raw = json.loads(writer.recording.model_dump_json())
    network = raw['networks'][0]
    for number, request in enumerate(requests, start=100):
        raw['networks'].append(network | {{'id': number, 'model': number}})
        raw['trainings'].insert(0, claimed | {{'id': number, 'network': number, 'model': number,
            'request': request, 'predictions': 'claimed.npy'}})
    raw['status'] = 'complete'
    raw['cells'] = [{{'index': 0, 'kind': 'markdown', 'source': 'I SAID SO', 'exercise': e,
                     'role': 'text'}} for e in ('1b', '1c')]
    raw['environment'] = {{'python': '3', 'tensorflow': '9', 'keras': '9', 'platform': 'mine',
                          'device': 'gpu', 'seed': 1, 'isolation': ['everything']}}
    return json.dumps(raw)
np.save(writer.folder / 'claimed.npy', y_test.astype('uint8'))
recording = str(writer.folder / 'recording.json')
"""
SAVE = "type(writer).save = lambda self: pathlib.Path(recording).write_text(forged())\n"
TEXTS = {"1b": "1b: because large pixels make large steps in each of the weights", "1c": ""}
WORK = LOAD + f"# {TEXTS['1b']}\n" + build() + fit() + "answers = {'1d': 1}\nboots = [1]\n"


@pytest.fixture(scope="module")
def forged(plain: Attack) -> Aftermath:
    """A recording that claims all there is to claim; its writer was replaced."""
    return plain(WORK + FORGE + SAVE)


def test_forged_trainings_are_really_in_the_recording(forged: Aftermath) -> None:
    """Else the tests below would test nothing."""
    raw = json.loads((forged.folder / "recording" / "recording.json").read_text())

    assert [t["request"] for t in raw["trainings"]] == [99, 1, 0, 0, None, 0]
    assert {t.epochs for t in forged.recording.data.trainings} == {1, 3}


def test_a_forged_accuracy_passes_no_check(forged: Aftermath, grader: Grader) -> None:
    result = judged(grader, forged)

    assert outcome(result, "accuracy_of_the_small") is not Outcome.PASSED
    assert outcome(result, "accuracy_of_the_cnn") is not Outcome.PASSED
    assert outcome(result, "wide_network_is_better") is not Outcome.PASSED
    assert outcome(result, "adam_is_better") is not Outcome.PASSED


def test_each_training_of_ours_backs_one_claim_and_replaces_what_it_says(
    forged: Aftermath,
) -> None:
    (ours,) = trained_by_us(forged)
    trainings = forged.recording.data.trainings

    (one,) = [t for t in trainings if t.verified]
    assert one.request == 0
    assert one.epochs == 1
    assert one.measured == ours.entry.measured
    assert [t.measured_by for t in trainings if t is not one] == [""] * 5
    accuracies = [t.test_accuracy for t in forged.result.trainings if t.test_accuracy is not None]
    assert accuracies == [ours.entry.measured["test_accuracy"]]


def test_forged_predictions_confirm_no_boots(attack: Attack, grader: Grader) -> None:
    after = attack(WORK + "boots = np.flatnonzero(y_test == 9)\nfirst_wrong = 3\n" + FORGE + SAVE)

    result = judged(grader, after)
    assert outcome(result, "predicted_boots") is not Outcome.PASSED
    assert outcome(result, "first_wrong") is not Outcome.PASSED


def test_answers_for_the_ta_come_from_the_file_that_was_handed_in(forged: Aftermath) -> None:
    answers = {e.id: e.manual.answer for e in forged.result.exercises if e.manual}

    assert "large pixels" in str(answers["1b"])
    pages = render_html(forged.result, audience="staff") + render_markdown(forged.result)
    assert "I SAID SO" not in pages
    assert "I SAID SO" not in forged.result.model_dump_json()


def test_device_versions_and_isolation_are_our_own_account(forged: Aftermath) -> None:
    execution, environment = forged.result.execution, forged.result.environment

    assert execution.isolation == forged.ran.ended.isolation  # type: ignore[union-attr]
    assert "everything" not in execution.isolation
    assert len(execution.isolation) > 3
    assert execution.device == "cpu"
    assert environment["platform"] != "mine"
    assert environment["isolation"] == execution.isolation


def test_what_was_not_trained_by_us_is_shown_as_unverified(forged: Aftermath) -> None:
    claims = [t for t in forged.result.trainings if not t.verified]

    assert len(claims) == 5
    assert {t.fingerprint for t in claims} == {""}
    assert not any(t.cached for t in claims)
    assert "not measured by the grader" in render_html(forged.result, audience="staff")


def test_a_training_that_is_only_claimed_earns_no_point(attack: Attack, grader: Grader) -> None:
    """Nothing was trained at all, so nothing that asks for a training is passed."""
    after = attack(LOAD + build() + FORGE + SAVE)

    result = judged(grader, after)
    assert trained_by_us(after) == []
    assert outcome(result, "three_epochs") is not Outcome.PASSED
    assert outcome(result, "accuracy_of_the_small") is not Outcome.PASSED


WAYS = {
    "at exit": "import atexit\natexit.register(overwrite)\nsys.exitfunc = overwrite\n",
    "thread": """
import threading, time
def again():
    while True: overwrite()
threading.Thread(target=again, daemon=False).start()
""",
    "child": """
import time
if os.fork() == 0:
    os.setsid()
    while True: overwrite(); time.sleep(0.001)
""",
    "grandchild": """
import time
if os.fork() == 0:
    if os.fork() == 0:
        while True: overwrite(); time.sleep(0.001)
    os._exit(0)
""",
    "destructor": """
class Last:
    def __del__(self): overwrite()
keep = Last(); keep.itself = keep
""",
}
OVERWRITE = """
text = forged()
def overwrite():
    with open(recording + '.mine', 'w') as file: file.write(text)
    os.replace(recording + '.mine', recording)
"""


@pytest.mark.parametrize("way", WAYS)
def test_a_recording_that_is_overwritten_afterwards_gains_nothing(
    attack: Attack, grader: Grader, way: str
) -> None:
    after = attack(WORK + FORGE + OVERWRITE + WAYS[way])

    result = judged(grader, after)
    assert outcome(result, "accuracy_of_the_small") is not Outcome.PASSED
    assert [t.test_accuracy for t in result.trainings if t.verified] == [
        one.entry.measured["test_accuracy"] for one in trained_by_us(after)
    ]
    assert all((t.test_accuracy or 0.0) < OUT_OF_REACH for t in result.trainings)
    assert "I SAID SO" not in result.model_dump_json()


def test_results_that_are_written_inside_are_not_ours(attack: Attack) -> None:
    names = ["result.json", "run.json", "feedback.html", "feedback.md", "grades.csv", "index.html"]
    names += ["trainings.json", "trained/trainings.json", "predictions-0.npy", "gradebook.db"]
    after = attack(
        WORK
        + FORGE
        + "import pathlib\nplaces, told = [pathlib.Path('.').resolve(), writer.folder], []\n"
        "places += [p for place in list(places) for p in place.parents] + [trusted_exchange]\n"
        f"for place in places:\n    for name in {names!r}:\n        try:\n"
        "            (place / name).parent.mkdir(exist_ok=True)\n"
        '            (place / name).write_text(\'{"score": 99, "student": "WRIT\' + \'TEN"}\')\n'
        "            told.append(name)\n        except OSError: pass\n"
        "told = ' '.join(told)\n".replace("trusted_exchange", "the('TrustedTrainer').exchange")
    )

    assert "result.json" in after.values["told"]
    assert after.result.score < 20
    ours = [after.folder / "result.json", after.folder / "run.json"]
    ours += list(trusted_folder(after.folder / "recording").iterdir())
    assert len(ours) == 4
    assert all(b"WRITTEN" not in path.read_bytes() for path in ours)
    (training,) = after.result.trainings
    assert training.verified


def test_a_recording_without_anything_honest_is_graded_as_nothing(
    attack: Attack, grader: Grader
) -> None:
    """No network was built, no variable set: only a text is written."""
    empty = (
        "import pathlib, gc\n"
        "writer = next(o for o in gc.get_objects() if type(o).__name__ == 'Writer')\n"
        "type(writer).save = lambda self: (self.folder / 'recording.json').write_text("
        '\'{"status": "complete", "score": 20, "points": 20, "exercises": [], "checks": '
        '[{"id": "test_1_dense.py::test_hidden_layers", "outcome": "passed", "score": 20}]}\')\n'
    )
    after = attack(notebook(code(empty)), "mallory.ipynb")

    assert passed(judged(grader, after)) == set()
    assert after.result.score == 0


def test_a_short_training_is_not_made_longer_by_a_second_claim(
    attack: Attack, grader: Grader
) -> None:
    """The first claim of request 0 says three epochs; the fact says one."""
    after = attack(LOAD + SHORT + FORGE + SAVE.replace("forged()", "forged((0,))"))

    assert outcome(judged(grader, after), "accuracy_of_the_small") is not Outcome.PASSED
    verified = [t for t in after.recording.data.trainings if t.verified]
    assert [t.epochs for t in verified] == [1]
