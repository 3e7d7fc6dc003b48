"""Writing and deleting outside the scratch folder.

Must stay true: nothing outside changes (which `attack` asserts), and no later submission finds
what an earlier one wrote.
"""

from __future__ import annotations

from tests.attacks.conftest import Attack, Outside
from tests.builders.attacks import TRIED

TRY = f"import json, os, shutil{TRIED}"


def test_files_of_others_can_not_be_written_or_deleted(attack: Attack, outside: Outside) -> None:
    home, out = str(outside.home), str(outside.out)
    after = attack(
        f"{TRY}\nreport = json.dumps([tried(open, {home!r} + '/solution.py', 'w'), "
        f"tried(shutil.rmtree, {home!r}), tried(os.remove, {out!r} + '/bob/result.json')])"
    )

    assert set(after.report) == {"FileNotFoundError"}


def test_python_and_the_system_can_not_be_changed(attack: Attack) -> None:
    after = attack(
        f"{TRY}\nimport keras, sys\n"
        "report = json.dumps([tried(open, keras.__file__, 'a'), tried(os.remove, os.__file__), "
        "tried(open, sys.prefix + '/planted.pth', 'w'), tried(open, '/planted', 'w'), "
        "tried(os.mkdir, '/usr/planted'), tried(open, '/etc/passwd', 'a'), "
        "tried(os.rename, '/usr', '/planted'), tried(os.chmod, '/', 0o777)])"
    )

    assert "done" not in after.report
    assert len(after.report) == 8


def test_what_one_submission_wrote_the_next_does_not_find(attack: Attack) -> None:
    look = (
        "import json, os\nreport = json.dumps([os.listdir(p) for p in ('.', '/tmp', '/dev/shm')])"
    )
    write = "for place in ('.', '/tmp', '/dev/shm'):\n    open(place + '/message', 'w').close()\n"
    assert "message" in str(attack(write + look).report)

    after = attack(look)

    assert "message" not in str(after.report)


def test_the_scratch_folder_and_temporary_files_can_be_used(attack: Attack) -> None:
    after = attack(
        "import tempfile, pathlib\npathlib.Path('notes.txt').write_text('mine')\n"
        "with tempfile.NamedTemporaryFile() as file: file.write(b'x')\n"
        "read = pathlib.Path('notes.txt').read_text()"
    )

    assert after.values["read"] == "mine"
    assert after.errors == []


def test_machines_can_not_be_remounted_or_made(attack: Attack) -> None:
    after = attack(
        f"{TRY}\nimport ctypes, stat\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(*arguments):\n"
        "    code = libc.syscall(*arguments)\n"
        "    return ctypes.get_errno() if code < 0 else 'done'\n"
        "mounted = call(165, b'none', b'/', None, 32, None)\n"
        "unshared = call(272, 0x10000000)\n"
        "entered = call(308, 3, 0)\n"
        "traced = call(101, 16, 1, 0, 0)\n"
        "device = tried(os.mknod, 'disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0))\n"
        "rooted = tried(os.setuid, 0)"
    )

    values = after.values
    assert [values[n] for n in ("mounted", "unshared", "entered", "traced")] == [1, 1, 1, 1]
    assert values["device"] == "PermissionError"
    # In a user namespace there is no root at all, which is another error.
    assert values["rooted"] in {"PermissionError", "OSError"}
