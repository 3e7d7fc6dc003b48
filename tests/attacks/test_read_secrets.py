"""Reading what isn't theirs: answers, checks, other students' files, the environment, /proc.

Must stay true: nothing of it is there to be read, by any name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import assignments
import reference
from tests.attacks.conftest import SECRET, Attack, Outside

LOOK = """
import json, os
def seen(path):
    try:
        return sorted(os.listdir(path)) if os.path.isdir(path) else open(path).read(200)
    except OSError as error:
        return type(error).__name__
"""


def look_at(*paths: str) -> str:
    """Code that reports what stands under some names."""
    return f"{LOOK}\nreport = json.dumps([seen(path) for path in {paths!r}])"


def test_answers_and_checks_are_not_there(attack: Attack) -> None:
    answers = reference.__path__[0] + "/expected/fashion_cnn.json"
    checks = assignments.__path__[0] + "/fashion_cnn/test_1_dense.py"
    assert Path(answers).is_file()
    assert Path(checks).is_file()

    after = attack(look_at(answers, checks))

    assert after.report == ["FileNotFoundError"] * 2


@pytest.mark.parametrize("name", ["reference.expected", "assignments.fashion_cnn"])
def test_answers_and_checks_can_not_be_imported(attack: Attack, name: str) -> None:
    after = attack(f"import {name}")

    assert after.errors == ["ModuleNotFoundError"]


def test_others_files_are_not_there(attack: Attack, outside: Outside) -> None:
    places = (str(place) for place in (outside.home, outside.out, outside.store))

    after = attack(look_at(*places, "/etc/passwd", "/etc/shadow"))

    assert after.report[:3] == ["FileNotFoundError"] * 3
    assert after.report[3].count("\n") == 1
    assert after.report[4] == "FileNotFoundError"


def test_a_walk_through_the_whole_tree_finds_no_secret(attack: Attack) -> None:
    half = len(SECRET) // 2
    after = attack(
        "import json, os\n"
        f"secret = ({SECRET[:half]!r} + {SECRET[half:]!r}).encode()\n"
        "hits, files = [], 0\n"
        "for folder, inner, names in os.walk('/'):\n"
        "    if folder == '/': inner[:] = [i for i in inner if i not in ('usr', 'sys', 'proc')]\n"
        "    inner[:] = [i for i in inner if i not in ('lib', 'site-packages')]\n"
        "    for name in names:\n"
        "        path = os.path.join(folder, name)\n"
        "        if not os.path.isfile(path): continue\n"
        "        files += 1\n"
        "        if secret in open(path, 'rb').read(10**6): hits.append(path)\n"
        "report = json.dumps([files, hits])"
    )

    files, hits = after.report
    assert files > 10
    assert hits == []


def test_the_graders_environment_is_not_seen(attack: Attack) -> None:
    after = attack(
        "import json, os\n"
        "raw = open('/proc/self/environ').read()\n"
        "report = json.dumps([sorted(os.environ), raw])"
    )

    names, raw = after.report
    assert "TENSORMARK_SECRET" not in names
    assert "KERAS_BACKEND" in raw
    assert SECRET not in raw


def test_only_their_own_processes_are_seen(attack: Attack) -> None:
    after = attack(
        "import json, os\n"
        "report = json.dumps(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))"
    )

    assert after.report == [1, 2]


def test_the_graders_memory_can_not_be_read(attack: Attack) -> None:
    """The first process of the namespace is ours as well."""
    after = attack(look_at("/proc/1/mem", "/proc/1/maps", "/proc/kcore", "/dev/mem"))

    assert "PermissionError" in after.report[0]
    assert after.report[3] == "FileNotFoundError"
