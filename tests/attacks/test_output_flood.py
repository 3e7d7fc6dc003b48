"""Printing, raising, drawing and keeping without end.

Must stay true: what a run leaves behind is bounded in every direction, what was cut is said, and
the rest of the work is graded.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.batch import write_feedback
from graders.grading import Grader
from tests.attacks.conftest import HONEST, Aftermath, Attack, limits

BEGUN = f"{HONEST}\n# %%\n"


def left(after: Aftermath) -> int:
    """Bytes of everything in a student's folder, feedback included."""
    write_feedback(after.result, after.folder)
    return sum(path.stat().st_size for path in Path(after.folder).rglob("*") if path.is_file())


def said(after: Aftermath) -> str:
    """What the feedback tells of cuts."""
    return " ".join(after.result.execution.cuts)


OUTPUTS = {
    "one line": "print('x' * 3 * 10**8)",
    "many lines": "for _ in range(200_000): print('line')",
    "stderr": "import sys\nfor _ in range(30): sys.stderr.write('e' * 10**7)",
    "descriptors": (
        "import os\nfor fd in (1, 2):\n    for _ in range(30): os.write(fd, bytes(10**7))"
    ),
    "the first stdout": "import sys\nsys.__stdout__.write('x' * 10**8)",
    "controls": "print('\\x1b[2J\\r\\b' * 10**7)",
    "a displayed value": "'x' * 10**8",
    "a warning": "import warnings\nwarnings.warn('w' * 10**8)",
}


@pytest.fixture(scope="module")
def printed(attack_of_all: Attack) -> Aftermath:
    """All of them in one run, each in a cell of its own."""
    return attack_of_all("\n# %%\n".join([HONEST, *OUTPUTS.values(), "reached = 1"]))


@pytest.mark.parametrize("what", OUTPUTS)
def test_output_is_cut_and_the_rest_graded(printed: Aftermath, what: str) -> None:
    assert printed.result.execution.status == "complete"
    assert printed.values["reached"] == 1
    cell = 1 + list(OUTPUTS).index(what)
    (outcome,) = [one for one in printed.recording.data.outcomes if one.index == cell]
    assert outcome.status == "ok"
    assert len(outcome.output) < 25_000
    assert left(printed) < 5_000_000


ERRORS = {
    "a message": "raise ValueError('m' * 10**8)",
    "a name": "raise type('N' * 10**6, (Exception,), {})('m')",
    "note": "error = ValueError('m')\nerror.add_note('n' * 10**8)\nraise error",
    "group": "raise ExceptionGroup('g', [ValueError('m' * 10**5) for _ in range(1000)])",
    "chain": (
        "error = None\n"
        "for _ in range(5000):\n"
        "    new = ValueError('m' * 1000)\n"
        "    new.__cause__ = error\n"
        "    error = new\n"
        "raise error"
    ),
    "a message made anew": (
        "class Loud(Exception):\n"
        "    def __str__(self): return 'm' * 10**8\n"
        "    __repr__ = __str__\n"
        "raise Loud"
    ),
}


@pytest.fixture(scope="module")
def raised(attack_of_all: Attack) -> Aftermath:
    """All of them in one run, each in a cell of its own."""
    return attack_of_all("\n# %%\n".join([HONEST, *ERRORS.values(), "reached = 1"]))


@pytest.mark.parametrize("what", ERRORS)
def test_errors_of_any_size_are_cut_and_the_rest_graded(raised: Aftermath, what: str) -> None:
    cell = 1 + list(ERRORS).index(what)
    (outcome,) = [one for one in raised.recording.data.outcomes if one.index == cell]
    assert outcome.error_type
    assert len(raised.errors) == len(ERRORS)
    assert raised.values["reached"] == 1
    assert raised.result.execution.status == "complete"
    assert left(raised) < 5_000_000


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        pytest.param("for i in range(3000): globals()[f'v{i}'] = i", "1,000 values", id="values"),
        pytest.param(
            "import numpy as np\nfor i in range(600): globals()[f'a{i}'] = np.ones((9, 9))",
            "400 arrays",
            id="arrays",
        ),
        pytest.param(
            "import matplotlib.pyplot as plt\n"
            "for i in range(70): plt.figure(); plt.plot([i, 1]); plt.title('t' * 10**5)",
            "60 figures",
            id="figures",
        ),
        pytest.param(
            "import keras\n"
            "for i in range(305):\n"
            "    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1 + i)])\n"
            "    model.compile('sgd', 'mse')",
            "300 networks",
            id="networks",
            marks=pytest.mark.sandbox,
        ),
    ],
)
def test_numbers_of_things_are_cut_and_said(attack: Attack, code: str, sentence: str) -> None:
    after = attack(f"{BEGUN}{code}")

    assert after.result.execution.status == "complete"
    assert sentence in said(after)
    assert "KxIA" in after.recording.data.arrays
    assert left(after) < 20_000_000


@pytest.mark.sandbox
def test_deep_and_wide_containers_cost_themselves_alone(attack: Attack, grader: Grader) -> None:
    with limits(grader, seconds=45, grace=15):
        after = attack(
            f"{BEGUN}deep = {{}}\n"
            "for _ in range(10**5): deep = {'in': deep}\n"
            "nested = []\n"
            "for _ in range(10**5): nested = [nested]\n"
            "round = {}; round['self'] = round\n"
            "wide = {f'key {i}': i for i in range(10**6)}\n"
            "fan = {}\n"
            "for _ in range(40): fan = {str(i): fan for i in range(100)}\n"
            "long = 10**100_000\ntext = 't' * 10**8\n"
            "kept = 1"
        )

    assert after.result.execution.status == "complete"
    assert after.values["kept"] == 1
    assert "KxIA" in after.recording.data.arrays
    assert left(after) < 10_000_000


def test_texts_that_are_too_large_together_do_not_spoil_the_recording(attack: Attack) -> None:
    """Each is within its own bound, and all of them are one in memory; written, 100 MB."""
    after = attack(
        f"{BEGUN}text = 't' * 10_000\n"
        "for i in range(50): globals()[f'd{i}'] = {str(k): text for k in range(200)}\nkept = 1"
    )

    assert after.result.execution.status == "complete"
    assert "KxIA" in after.recording.data.arrays
    assert left(after) < 70_000_000
    assert said(after)
