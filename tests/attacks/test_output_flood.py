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


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("print('x' * 3 * 10**8)", id="one line"),
        pytest.param("for _ in range(200_000): print('line')", id="many lines"),
        pytest.param("import sys\nfor _ in range(30): sys.stderr.write('e' * 10**7)", id="stderr"),
        pytest.param(
            "import os\nfor fd in (1, 2):\n    for _ in range(30): os.write(fd, bytes(10**7))",
            id="descriptors",
        ),
        pytest.param("import sys\nsys.__stdout__.write('x' * 10**8)", id="the first stdout"),
        pytest.param("print('\\x1b[2J\\r\\b' * 10**7)", id="controls"),
        pytest.param("'x' * 10**8", id="a displayed value"),
        pytest.param("import warnings\nwarnings.warn('w' * 10**8)", id="a warning"),
    ],
)
def test_output_is_cut_and_the_rest_graded(attack: Attack, code: str) -> None:
    after = attack(f"{BEGUN}{code}\n# %%\nreached = 1")

    assert after.result.execution.status == "complete"
    assert after.values["reached"] == 1
    outcome = after.recording.data.outcomes[1]
    assert len(outcome.output) < 25_000
    assert left(after) < 5_000_000


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("raise ValueError('m' * 10**8)", id="a message"),
        pytest.param("raise type('N' * 10**6, (Exception,), {})('m')", id="a name"),
        pytest.param(
            "error = ValueError('m')\nerror.add_note('n' * 10**8)\nraise error", id="note"
        ),
        pytest.param(
            "raise ExceptionGroup('g', [ValueError('m' * 10**5) for _ in range(1000)])", id="group"
        ),
        pytest.param(
            "error = None\n"
            "for _ in range(5000):\n"
            "    new = ValueError('m' * 1000)\n    new.__cause__ = error\n    error = new\n"
            "raise error",
            id="chain",
        ),
        pytest.param(
            "class Loud(Exception):\n"
            "    def __str__(self): return 'm' * 10**8\n"
            "    __repr__ = __str__\nraise Loud",
            id="a message made anew",
        ),
    ],
)
def test_errors_of_any_size_are_cut_and_the_rest_graded(attack: Attack, code: str) -> None:
    after = attack(f"{BEGUN}{code}\n# %%\nreached = 1")

    assert len(after.errors) == 1
    assert after.values["reached"] == 1
    assert after.result.execution.status == "complete"
    assert left(after) < 5_000_000


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        pytest.param("for i in range(10**5): globals()[f'v{i}'] = i", "1,000 values", id="values"),
        pytest.param(
            "import numpy as np\nfor i in range(3000): globals()[f'a{i}'] = np.ones((9, 9))",
            "400 arrays",
            id="arrays",
        ),
        pytest.param(
            "import matplotlib.pyplot as plt\n"
            "for i in range(150): plt.figure(); plt.plot([i, 1]); plt.title('t' * 10**5)",
            "60 figures",
            id="figures",
        ),
        pytest.param(
            "import keras\n"
            "for i in range(320):\n"
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
    with limits(grader, seconds=8, grace=1):
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
