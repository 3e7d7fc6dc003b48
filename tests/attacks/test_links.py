"""Files that aren't what they seem, in the folders that the grader reads afterwards.

Must stay true: nothing but plain files of the runner's own folder is read or copied, no name in
there leads anywhere else, and nobody learns from them what stands on this machine.
"""

from __future__ import annotations

import json

import pytest

from tests.attacks.conftest import HONEST, SECRET, Aftermath, Attack, Outside
from tests.builders.attacks import TRIED

RECORDING, EXCHANGE = "/home/student/recording", "/home/student/exchange"
BEGUN = f"""{HONEST}
# %%
import json, os, shutil, socket, stat
HOME, REC, EXC = "/home/student", {RECORDING!r}, {EXCHANGE!r}
{TRIED}"""
# What the runner does when all is well; an attacker may do it in its place and then leave.
FORGED = """
recording = json.load(open(REC + '/recording.json'))
recording['status'] = 'complete'
"""


def content(after: Aftermath) -> str:
    """Everything that the run has left in the student's folder."""
    files = [path for path in after.folder.rglob("*") if path.is_file()]
    assert not any(path.is_symlink() for path in after.folder.rglob("*"))
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


def test_links_lead_nobody_to_files_of_the_grader(attack: Attack, outside: Outside) -> None:
    solution = str(outside.home / "solution.py")
    after = attack(
        f"{BEGUN}\n"
        "places = []\n"
        f"for number, target in enumerate(({solution!r}, '/etc/passwd', '/proc/self/environ',\n"
        f"        '/proc/1/environ', '/dev/zero', '.', '..', '/', {str(outside.home)!r})):\n"
        "    for folder in (REC, EXC, '.'):\n"
        "        for ending in ('.npy', '.json', ''):\n"
        "            name = f'{folder}/link{number}{ending}'\n"
        "            places.append(tried(os.symlink, target, name))\n"
        "made = places.count('done')"
    )

    assert after.values["made"] == 81
    assert after.result.execution.status == "complete"
    assert SECRET not in content(after)
    assert "root:" not in content(after)
    assert not list((after.folder / "recording").glob("link*"))
    assert any("no plain files" in cut for cut in after.result.execution.cuts)


def test_pipes_sockets_devices_and_folders_are_left_behind_and_waited_for_by_nobody(
    attack: Attack,
) -> None:
    after = attack(
        f"{BEGUN}\n"
        "for folder in (REC, EXC, '.'):\n"
        "    os.mkfifo(folder + '/pipe.npy')\n"
        "    os.makedirs(folder + '/folder.npy/inner')\n"
        "    open(folder + '/folder.npy/inner/file.npy', 'w').write('x')\n"
        "    socket.socket(socket.AF_UNIX).bind(folder + '/socket.npy')\n"
        "    tried(os.mknod, folder + '/disk.npy', 0o600 | stat.S_IFBLK, os.makedev(8, 0))\n"
        "    tried(os.mknod, folder + '/zero.npy', 0o600 | stat.S_IFCHR, os.makedev(1, 5))\n"
        "    open(folder + '/' + 'n' * 255, 'w').write('x')\n"
        "    open(folder + '/\\n\\x1b[2J.npy', 'w').write('x')\n"
        "    open(os.fsencode(folder) + b'/\\xff\\xfe.npy', 'w').write('x')\n"
        "    for name in ('con', 'NUL', 'aux.npy', '-rf', '...', '~', '*'):\n"
        "        open(f'{folder}/{name}', 'w').write('x')\n"
    )

    assert after.errors == []
    assert after.result.execution.status == "complete"
    assert "KxIA" in after.recording.data.arrays
    kept = [path for path in (after.folder / "recording").iterdir() if not path.is_file()]
    assert kept == []
    assert any("no plain files" in cut for cut in after.result.execution.cuts)


def test_hard_links_to_what_is_not_ones_own_can_not_be_made(attack: Attack) -> None:
    after = attack(
        f"{BEGUN}\n"
        "report = json.dumps([tried(os.link, source, f'{folder}/hard.npy')\n"
        "    for source in ('/etc/passwd', os.__file__, '/proc/self/environ', '/dev/null')\n"
        "    for folder in (REC, EXC, '.')])"
    )

    assert "done" not in after.report


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("os.rename(REC, HOME + '/old')", id="renamed"),
        pytest.param("shutil.rmtree(REC)", id="emptied"),
        pytest.param(
            "os.rename(REC, HOME + '/old'); os.symlink('/usr', REC)", id="replaced by a link"
        ),
        pytest.param("os.chmod(REC, 0)", id="closed"),
        pytest.param(
            "os.rename(REC, EXC + '/moved'); os.mkdir(REC); os.symlink('/etc', EXC + '/etc')",
            id="swapped",
        ),
    ],
)
def test_a_recording_folder_that_is_tampered_with_costs_the_tamperer_alone(
    attack: Attack, change: str
) -> None:
    after = attack(f"{BEGUN}\ntry: {change}\nexcept OSError: pass")

    assert after.result.execution.status in {"complete", "stopped", "error"}
    assert SECRET not in content(after)
    if after.result.execution.status != "complete":
        assert after.message
        assert not after.passed


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("os.mkfifo(REC + '/recording.json')", id="pipe"),
        pytest.param("os.mkdir(REC + '/recording.json')", id="folder"),
        pytest.param("os.symlink('/dev/zero', REC + '/recording.json')", id="device"),
        pytest.param("os.symlink(SOLUTION, REC + '/recording.json')", id="link out"),
        pytest.param("os.symlink('../exchange/own', REC + '/recording.json')", id="link inside"),
        pytest.param("open(REC + '/recording.json', 'wb').truncate(10**9)", id="all holes"),
        pytest.param("None", id="nothing"),
    ],
)
def test_a_recording_that_is_no_plain_file_is_no_recording(
    attack: Attack, outside: Outside, place: str
) -> None:
    after = attack(
        f"{BEGUN}\nSOLUTION = {str(outside.home / 'solution.py')!r}\n{FORGED}\n"
        "json.dump(recording, open(EXC + '/own', 'w'))\n"
        f"os.unlink(REC + '/recording.json')\n{place}\nos._exit(0)"
    )

    assert after.result.execution.status == "error"
    assert after.result.score == 0
    assert after.result.pending > 0
    assert "recording" in after.message
    assert SECRET not in content(after)


def test_the_exchange_does_not_tell_what_stands_on_this_machine(
    attack: Attack, outside: Outside
) -> None:
    """A name in the exchange that leads to a file out here must look like one that leads nowhere.

    The grader says which arrays of a training it needs, that is which it hasn't found there.
    """
    there, not_there = str(outside.home / "solution.py"), str(outside.home / "nothing.py")
    after = attack(
        f"{BEGUN}\nimport keras, numpy as np\n"
        "import graders.runner.trusted as trusted\n"
        "send, needed = trusted.TrustedTrainer._send, []\n"
        "def look(self, event):\n"
        "    if event.get('event') == 'train':\n"
        "        digests = set()\n"
        "        def find(part):\n"
        "            if isinstance(part, dict):\n"
        "                if 'digest' in part: digests.add(part['digest'])\n"
        "                for one in part.values(): find(one)\n"
        "            elif isinstance(part, list):\n"
        "                for one in part: find(one)\n"
        "        find(event['request'])\n"
        "        target = targets.pop()\n"
        "        for digest in digests: os.symlink(target, f'{EXC}/{digest}.f32')\n"
        "        reply = send(self, event)\n"
        "        needed.append([len(digests), len(reply.get('need', []))])\n"
        "        for digest in digests: os.unlink(f'{EXC}/{digest}.f32')\n"
        "        raise OSError('enough')\n"
        "    return send(self, event)\n"
        "trusted.TrustedTrainer._send = look\n"
        f"targets = [{there!r}, {not_there!r}]\n"
        "for seed in range(2):\n"
        "    x = np.random.default_rng(seed).random((50, 4)); y = np.arange(50) % 2\n"
        "    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
        "    model.compile('sgd', keras.losses.SparseCategoricalCrossentropy(from_logits=True))\n"
        "    try: model.fit(x, y, verbose=0)\n"
        "    except Exception: pass\n"
        "report = json.dumps(needed)"
    )

    nowhere, somewhere = after.report
    assert nowhere[0] > 0
    assert nowhere[1] == nowhere[0]
    assert somewhere == nowhere


def test_what_is_read_of_the_exchange_is_never_a_links_target(
    attack: Attack, outside: Outside
) -> None:
    after = attack(
        f"{BEGUN}\nimport keras, numpy as np\n"
        "import graders.runner.trusted as trusted\n"
        "def write(folder, value, name):\n"
        f"    os.symlink({str(outside.home / 'solution.py')!r}, f'{{folder}}/{{name}}')\n"
        "trusted.write_array = write\n"
        "x = np.random.default_rng(5).random((50, 4)); y = np.arange(50) % 2\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
        "model.compile('sgd', keras.losses.SparseCategoricalCrossentropy(from_logits=True))\n"
        "model.fit(x, y, verbose=0)\n"
    )

    (training,) = after.result.trainings
    assert not training.verified
    assert "not what was announced" in training.note
    assert SECRET not in content(after)
    json.loads((after.folder / "result.json").read_text(encoding="utf-8"))
