"""Filling the disk: with bytes, with holes, with names, with depth.

Must stay true: what a submission writes is limited and never reaches the machine's own disk but as
a recording of bounded size; a full disk costs its own submission alone, and the feedback says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from graders.grading import Grader
from tests.attacks.conftest import HONEST, Aftermath, Attack, limits

DISK = 300_000_000
BEGUN = f"""{HONEST}
# %%
import errno, os
REC, EXC = "/home/student/recording", "/home/student/exchange"
"""


@pytest.fixture(autouse=True)
def quiet_machine(tmp_path: Path) -> Iterator[None]:
    """Assert that what was written has not gone to this machine's disk or memory."""
    # Not by the room that is left on them: others work on this machine as well.
    places = [Path("/dev/shm"), tmp_path]
    before = [set(files_in(place)) for place in places]
    yield
    for place, known in zip(places, before, strict=True):
        assert sum(size for path, size in files_in(place).items() if path not in known) < 10**9


def files_in(folder: Path) -> dict[str, int]:
    """Every file below a folder, with the room that it takes in bytes."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)  # noqa: PTH118 - some paths are too long for Path
            with suppress(OSError):  # another's, which is gone again
                found[path] = os.lstat(path).st_blocks * 512
    return found


def left(after: Aftermath) -> tuple[int, int]:
    """Count files and bytes in a student's folder of results."""
    files = [Path(root) / name for root, _, names in os.walk(after.folder) for name in names]
    return len(files), sum(file.stat().st_blocks * 512 for file in files)


FULL = {
    "one huge file": "with open('huge', 'wb') as file:\n"
    "    for _ in range(30): file.write(bytes(10**8)); file.flush()",
    "unlinked open files": "kept = []\n"
    "for _ in range(30):\n"
    "    kept.append(open('one', 'wb', buffering=0)); os.unlink('one')\n"
    "    if kept[-1].write(bytes(10**8)) < 10**8:\n"
    "        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))",
    "the recording's folder": "for number in range(30):\n"
    "    with open(f'{REC}/{number}.npy', 'wb') as file: file.write(bytes(10**8))",
    "the exchange": "for number in range(30):\n"
    "    with open(f'{EXC}/{number}.f32', 'wb') as file: file.write(bytes(10**8))",
}


@pytest.mark.parametrize("place", FULL)
def test_a_full_disk_is_an_error_in_its_cell_and_the_rest_is_recorded(
    attack: Attack, grader: Grader, place: str
) -> None:
    with limits(grader, disk=DISK):
        after = attack(f"{BEGUN}{FULL[place]}\n# %%\nreached = 1")

    assert after.recording.data.outcomes[0].status == "ok"
    assert left(after)[1] < DISK
    said = after.message + str([c.message for c in after.result.execution.failed_cells])
    assert "No space left" in said or "disk" in said
    assert "runner itself failed" not in after.message
    assert after.values.get("reached") == 1 or "disk" in after.message


def test_many_small_files_end_at_a_number_and_the_rest_is_recorded(attack: Attack) -> None:
    after = attack(
        f"{BEGUN}made = 0\n"
        "for number in range(200_000):\n"
        "    os.close(os.open(f'{number}', os.O_CREAT | os.O_WRONLY))\n    made += 1\n"
        "# %%\nreached = 1"
    )

    said = after.message + str([c.message for c in after.result.execution.failed_cells])
    assert "No space left" in said or "files" in said
    assert "runner itself failed" not in after.message
    assert left(after)[0] < 100


def test_many_files_in_the_recording_are_left_out_and_said(attack: Attack) -> None:
    after = attack(
        f"{BEGUN}for number in range(20_000):\n"
        "    os.close(os.open(f'{REC}/{number}.npy', os.O_CREAT | os.O_WRONLY))\n"
    )

    assert after.result.execution.status == "complete"
    assert "KxIA" in after.recording.data.arrays
    assert left(after)[0] < 4000
    assert any("left out" in cut for cut in after.result.execution.cuts)


def test_holes_take_no_room_on_the_machine(attack: Attack) -> None:
    after = attack(
        f"{BEGUN}for number in range(30):\n"
        "    with open(f'{REC}/{number}.npy', 'wb') as file: file.truncate(60_000_000)\n"
        "try:\n    with open('sparse', 'wb') as file: file.truncate(1 << 40)\n"
        "except OSError as error: refused = error.errno\n"
    )

    assert after.values["refused"] == 27  # EFBIG
    # No more than what is ever read of a recording.
    assert left(after)[1] < 400_000_000
    assert any("left out" in cut for cut in after.result.execution.cuts)


def test_depth_and_long_names_hold_nobody_up(attack: Attack) -> None:
    after = attack(
        f"{BEGUN}for folder in ('.', REC, EXC):\n"
        "    os.chdir(folder)\n"
        "    for depth in range(5000):\n"
        "        os.mkdir('d' * 200); os.chdir('d' * 200)\n"
        "    os.chdir('/home/student/scratch')\n"
        "for number in range(2000):\n"
        "    open(f'{REC}/' + f'{number:0255d}', 'w').close()\n"
    )

    assert after.errors == []
    assert after.result.execution.status == "complete"
    assert after.seconds < 150
    assert left(after)[0] < 100
