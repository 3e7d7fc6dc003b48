"""A class in which most attack, and all are graded at the same time.

Must stay true: an honest student's result is what it would be alone, check by check; each attacker
has a result, with what the code has earned; and the class's page and table list everybody.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import assignments
from graders.batch import Enrolled, Graded, grade_class
from graders.grading import Grader
from graders.ran import Ran
from graders.recording.schema import Limits
from graders.result import Result
from graders.sandbox import Job
from graders.submission import Submission
from graders.training.store import Store
from tests.attacks.conftest import Outside
from tests.attacks.test_forged_recording import FORGE, SAVE, WORK
from tests.builders.attacks import ASK, LOAD, build, fit
from tests.builders.classes import Watcher

pytestmark = pytest.mark.sandbox

SAMPLE = Path(assignments.__path__[0]) / "fashion_cnn" / "samples" / "full_marks_one_name.py"
# Its dense networks and its convolutions by hand.
HONEST = SAMPLE.read_text(encoding="utf-8").replace("epochs=3", "epochs=1").split("# ----- 3a")[0]
# The honest work asks for the same trainings as these attack.
SAME = LOAD + build() + fit(batch_size=128, epochs=1)
ATTACKERS = {
    "forger": WORK + FORGE + SAVE,
    "looper": SAME + "while True: pass\n",
    "quitter": SAME + "os._exit(0)\n",
    "hoarder": "hoard = []\nwhile True: hoard.append(bytearray(10**8))\n",
    "forker": "import os, time\nfor _ in range(60):\n    if os.fork() == 0: time.sleep(600)\n",
    "chatter": LOAD
    + ASK
    + 'while True: trusted.channel.send_bytes(b\'{"event": "cell", "of": 9, "cell": 1}\')\n',
    "poisoner": SAME
    + ASK
    + "request, arrays = described(model, x=x_train, y=y_train, batch_size=128, epochs=1, "
    "validation_data=(x_test, y_test))\n"
    "for k in range(9):\n"
    "    reply = say(event='train', request=request)\n"
    "    hand_over({n: np.ones(9) for n in reply.get('need', [])}, reply.get('need', []))\n"
    "    say(event='arrays')\n",
    "emptier": "raise SystemExit\n",
}
# Of the time that is their own, without the trainings: these never come to an end by themselves.
SECONDS = {"looper": 3.0, "chatter": 3.0}
# At most: what images that were prepared earn, and a small network that is trained as asked for.
EARNED = dict.fromkeys(("forger", "looper", "quitter", "poisoner"), 7.0) | {"chatter": 2.0}


def checks(result: Result) -> list[tuple[str, str, float, str]]:
    """What was said of each check."""
    return [(c.id, c.outcome.value, c.score, c.message) for c in result.checks]


def accuracies(result: Result) -> list[tuple[str, float | None]]:
    return [(t.fingerprint, t.test_accuracy) for t in result.trainings]


def with_limits(grader: Grader) -> Callable[..., Job]:
    """Make jobs as a grader does, with less time for those who use up all that there is."""
    make = grader._job

    def job(ran: Ran, submission: Submission, out: Path, seed: int) -> Job:
        made = make(ran, submission, out, seed)
        seconds = SECONDS.get(submission.student, made.limits.seconds)
        return made.model_copy(update={"limits": Limits(seconds=seconds)})

    return job


@pytest.fixture(scope="module")
def before(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The honest work, graded alone, in a store of its own."""
    folder = tmp_path_factory.mktemp("alone")
    path = folder / "alice.py"
    path.write_text(HONEST, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grader.trainer, "store", Store(folder / "store"))
        return grader.grade(Submission("alice", path), folder / "out")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class") / "out"


@pytest.fixture(scope="module")
def graded(grader: Grader, before: Result, out: Path, outside: Outside) -> dict[str, Graded]:
    folder = out.parent / "in"
    folder.mkdir()
    names = dict.fromkeys(ATTACKERS) | {"alice": None, "bob": None}
    # The honest ones in the middle, so that there are attackers before, beside and after them.
    order = [*list(names)[:3], "alice", *list(names)[3:6], "bob", *list(names)[6:8]]
    submissions = []
    for name in order:
        path = folder / f"{name}.py"
        path.write_text(ATTACKERS.get(name, HONEST), encoding="utf-8")
        submissions.append(Submission(name, path))
    state = outside.state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grader, "_job", with_limits(grader))
        found = grade_class(grader, Enrolled(submissions), out, workers=4, observer=Watcher())
    assert outside.state() == state
    return {one.student: one for one in found.graded}


def test_the_honest_work_is_trained_by_the_grader(before: Result) -> None:
    assert before.execution.status == "complete"
    assert len(before.trainings) == 4
    assert all(t.verified for t in before.trainings)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_honest_results_are_those_of_grading_alone(
    graded: dict[str, Graded], before: Result, name: str
) -> None:
    result = Result.load(graded[name].folder / "result.json")

    assert result.execution.status == "complete"
    assert checks(result) == checks(before)
    assert accuracies(result) == accuracies(before)
    assert (result.score, result.pending) == (before.score, before.pending)


@pytest.mark.parametrize("name", ATTACKERS)
def test_an_attacker_has_what_the_code_has_earned(graded: dict[str, Graded], name: str) -> None:
    result = Result.load(graded[name].folder / "result.json")

    assert result.score <= EARNED.get(name, 0.0)
    assert all(not t.verified or (t.test_accuracy or 0) < 0.6 for t in result.trainings)
    assert (graded[name].folder / "feedback.html").is_file()


def test_the_page_and_the_table_list_everybody(graded: dict[str, Graded], out: Path) -> None:
    everybody = {"alice", "bob", *ATTACKERS}
    rows = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8"))))

    assert {row["student"] for row in rows} == everybody == set(graded)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert all(re.search(rf"\b{name}\b", page) for name in everybody)
