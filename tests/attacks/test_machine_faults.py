"""No attack: the machine itself ends a submission's process, as its out-of-memory killer does.

Must stay true: the submission is run once more and graded as if nothing had been; what dies each
time is an error for a person, never a zero and never a pass; the class goes on.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from graders.result import Outcome
from tests.attacks.conftest import Attack

# In its second cell it waits to be ended; where nobody does so, it goes on.
SLOW = "# %%\nanswers = {'1d': 8070}\n# %%\nimport time; time.sleep(3)\n# %%\nlate = 1\n"


def runners() -> list[psutil.Process]:
    """Processes of submissions: the last ones below us that stand behind their walls."""
    outside = Path("/proc/self/ns/pid").readlink()
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error, OSError):  # it may end meanwhile
            inside = Path(f"/proc/{process.pid}/ns/pid").readlink() != outside
            if inside and not process.children():
                found.append(process)
    return found


@dataclass
class Machine:
    """Does as the kernel does when memory runs out, each time that the second cell begins."""

    times: int

    def __call__(self, event: dict[str, Any]) -> None:
        if event.get("cell") != 2 or not self.times:
            return
        self.times -= 1
        for process in runners():
            with suppress(psutil.Error):
                process.kill()


@pytest.mark.sandbox
def test_a_process_that_the_machine_has_ended_is_run_once_more(attack: Attack) -> None:
    after = attack(SLOW, progress=Machine(1))

    assert after.ran.ended is not None
    assert (after.ran.ended.how, after.ran.ended.attempts) == ("finished", 2)
    assert after.result.execution.status == "complete"
    assert after.values["late"] == 1


@pytest.mark.sandbox
def test_what_dies_twice_is_an_error_for_a_person(attack: Attack) -> None:
    after = attack(SLOW, progress=Machine(2))

    assert after.ran.ended is not None
    assert (after.ran.ended.how, after.ran.ended.attempts) == ("died", 2)
    assert "SIGKILL" in after.message
    outcomes = {check.outcome for check in after.result.checks}
    assert outcomes <= {Outcome.PASSED, Outcome.ERROR}
    assert Outcome.ERROR in outcomes
