"""Archives that are made to harm whoever unpacks them.

Must stay true: each is refused with a sentence, nothing of it is written anywhere, and the honest
archive beside it is graded.
"""

from __future__ import annotations

import tarfile
import time
import zipfile
from pathlib import Path

from graders.batch import Enrolled, grade_class
from graders.grading import Grader
from graders.submission import find_submissions
from tests.attacks.conftest import HONEST, SECRET, Outside
from tests.builders.classes import Watcher
from tests.builders.submissions import (
    NOTEBOOK,
    Entry,
    deflated,
    member,
    pack,
    pack_tar,
    quoted_overlap,
    raw_zip,
)


def plant(folder: Path, outside: Outside) -> dict[str, str]:
    """Write hostile archives; returns what each one's feedback has to speak of."""
    folder.mkdir()
    pack(folder / "alice.zip", {"alice/hw.py": HONEST.encode()})
    solution = str(outside.home / "solution.py")
    link = 0o120777
    bomb = deflated(bytes(200_000_000))
    raw_zip(folder / "bomb.zip", Entry(b"hw.ipynb", b"", packed=bomb, size=200_000_000, crc=0))
    raw_zip(folder / "liar.zip", Entry(b"hw.ipynb", b"", packed=bomb, size=100, crc=0))
    quoted_overlap(folder / "overlap.zip")
    pack(folder / "up.zip", {"../../up.py": b"x = 1", "hw.ipynb": NOTEBOOK})
    pack(folder / "up-tar.tar.gz", {"../../../etc/cron.d/hw.py": b"x = 1"})
    pack(folder / "absolute.zip", {solution: b"overwritten = 1"})
    pack_tar(folder / "absolute-tar.tar", [(member(solution, size=2), b"{}")])
    raw_zip(folder / "link.zip", Entry(b"hw.py", solution.encode(), mode=link))
    for kind, name in (
        (tarfile.SYMTYPE, "symlink"),
        (tarfile.LNKTYPE, "hardlink"),
    ):
        pack_tar(folder / f"{name}.tar", [(member("hw.py", kind, to=solution), b"")])
    for kind, name in (
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "disk"),
        (tarfile.FIFOTYPE, "pipe"),
    ):
        pack_tar(folder / f"{name}.tgz", [(member("hw.ipynb", kind), b"")])
    chain = [
        (member("in", tarfile.SYMTYPE, to=str(outside.home)), b""),
        (member("in/solution.py", size=2), b"{}"),
    ]
    pack_tar(folder / "through.tar", chain)
    with zipfile.ZipFile(folder / "many.zip", "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number}.txt", b"")
    return {
        "bomb": "64 MB",
        "liar": "more than the 64 MB",
        "overlap": "archive",
        "up": "leads out",
        "up-tar": "leads out",
        "absolute": "leads out",
        "absolute-tar": "leads out",
        "link": "link.zip",
        "symlink": "symlink.tar",
        "hardlink": "hardlink.tar",
        "device": "device.tgz",
        "disk": "disk.tgz",
        "pipe": "pipe.tgz",
        "many": "too long",
    }


def test_each_is_refused_with_a_sentence_and_honest_work_beside_them_is_graded(
    grader: Grader, outside: Outside, tmp_path: Path
) -> None:
    before = outside.state()
    wanted = plant(tmp_path / "class", outside)
    found = find_submissions([tmp_path / "class"])
    written = set(tmp_path.rglob("*"))
    began = time.monotonic()

    outcomes = grade_class(grader, Enrolled(found), tmp_path / "out", workers=2, observer=Watcher())

    results = {one.result.submission.student: one.result for one in outcomes.graded}
    assert results["alice"].execution.status == "complete"
    assert results["alice"].execution.cells_failed == 0
    for student, words in wanted.items():
        execution = results[student].execution
        assert execution.status == "unusable", student
        assert words in execution.message, student
        assert SECRET not in execution.message
        assert len(execution.message) < 600
    # What it calls a file behind a link is a file of the archive, and graded as such or refused.
    assert results["through"].score == 0
    assert outside.state() == before
    new = {path for path in tmp_path.rglob("*") if path not in written}
    assert all(path.is_relative_to(tmp_path / "out") for path in new)
    assert time.monotonic() - began < 300
