"""Ends that come too early: sys.exit, os._exit, crashes, signals to itself.

Must stay true: a cell that ends itself ends nothing else; a process that dies is tried exactly
twice; what was done before counts, and what was not reached is no pass.
"""

from __future__ import annotations

import pytest

from graders.grading import Grader
from graders.result import Outcome
from tests.attacks.conftest import HONEST, Attack, limits

NETWORK = """
import keras
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, 'relu'),
                          keras.layers.Dense(10, 'relu'), keras.layers.Dense(10, 'softmax')])
model.compile('sgd', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
"""
# Checks that this network alone passes.
DONE = ["test_hidden_layers", "test_output_layer", "test_compile_settings"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import sys; sys.exit(0)", "SystemExit"),
        ("raise SystemExit('done')", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        # A signal may come a moment later than it was sent.
        (
            "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(50)",
            "KeyboardInterrupt",
        ),
    ],
)
def test_what_ends_a_cell_ends_no_other(attack: Attack, code: str, error: str) -> None:
    after = attack(f"{HONEST}\n# %%\n{code}\n# %%\nreached = 1")

    assert after.result.execution.status == "complete"
    assert after.errors == [error]
    assert after.values["reached"] == 1
    assert "KxIA" in after.recording.data.arrays
    assert after.ran.ended.attempts == 1


def test_a_recursion_without_end_costs_its_own_cell_alone_and_little_time(attack: Attack) -> None:
    after = attack(f"{HONEST}\n# %%\ndef f(): f()\nf()\n# %%\nreached = 1")

    assert after.errors == ["RecursionError"]
    assert after.values["reached"] == 1
    assert after.ran.ended.seconds < 45


def test_exit_and_quit_end_nothing(attack: Attack) -> None:
    after = attack(f"{HONEST}\n# %%\nexit()\n# %%\nquit()\n# %%\nreached = 1")

    assert after.result.execution.status == "complete"
    assert after.values["reached"] == 1


DEATHS = [
    pytest.param("import os; os._exit(1)", "exit status 1", id="exit 1"),
    pytest.param("import os; os.abort()", "SIGABRT", id="abort"),
    pytest.param("import ctypes; ctypes.string_at(8)", "SIGSEGV", id="bad pointer"),
    pytest.param("import os; os.kill(os.getpid(), 9)", "SIGKILL", id="SIGKILL"),
    pytest.param("import os; os._exit(70)", "runner itself failed", id="the runner's own status"),
]


@pytest.mark.parametrize(("code", "reason"), DEATHS)
def test_a_process_that_dies_is_tried_exactly_twice(attack: Attack, code: str, reason: str) -> None:
    after = attack(f"{NETWORK}\n# %%\n{code}\n# %%\nreached = 1")

    assert (after.ran.ended.how, after.ran.ended.attempts) == ("died", 2)
    assert reason in after.message
    assert after.result.execution.status == "stopped"
    assert [name for name in DONE if not any(name in check for check in after.passed)] == []
    assert len(after.passed) == len(DONE)
    assert after.outcome("KxIA") is Outcome.ERROR


def test_an_end_with_status_0_before_the_last_cell_is_no_complete_run(attack: Attack) -> None:
    after = attack(f"{NETWORK}\n# %%\nimport os; os._exit(0)\n# %%\nreached = 1")

    assert after.result.execution.status == "stopped"
    assert "before the last cell" in after.message
    assert [name for name in DONE if not any(name in check for check in after.passed)] == []
    assert len(after.passed) == len(DONE)
    assert after.outcome("KxIA") is Outcome.ERROR
    assert after.result.pending > 0


def test_a_death_in_the_first_line_is_an_open_result_and_no_zero(attack: Attack) -> None:
    after = attack("import os; os._exit(1)")

    assert after.ran.ended.attempts == 2
    assert after.passed == []
    assert after.result.score == 0
    assert after.result.pending > 0


def test_a_death_while_variables_are_looked_at_loses_nothing_that_was_done(
    attack: Attack,
) -> None:
    after = attack(
        f"{NETWORK}\nimport os\n"
        "class Deadly:\n    shape = ()\n    def __float__(self): os._exit(0)\n"
        "deadly = Deadly()"
    )

    assert after.result.execution.status == "stopped"
    assert len(after.passed) == len(DONE)


def test_a_stack_that_runs_over_in_c_is_a_death_like_any_other(
    attack: Attack, grader: Grader
) -> None:
    with limits(grader, seconds=8):
        after = attack(
            f"{NETWORK}\n# %%\nimport sys\nsys.setrecursionlimit(10**8)\n"
            "nested = []\n"
            "for _ in range(10**6): nested = [nested]\n"
            "class Deep:\n    def __repr__(self): return repr(Deep())\n"
            "repr(Deep())"
        )

    assert after.ran.ended.how in {"died", "killed"}
    assert len(after.passed) == len(DONE)
    assert after.message
