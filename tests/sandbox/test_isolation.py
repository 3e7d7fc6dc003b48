import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graders.errors import IsolationError
from graders.sandbox import Bounds, ForkServer, Job, Sandbox, find_isolation, isolation
from graders.sandbox.plan import (
    FILES,
    LANDLOCK,
    OTHER_USER,
    REQUIRED,
    USER_NAMESPACE,
)
from graders.sandbox.view import view_for
from graders.submission import read_cells

CONTAIN = Path(__file__).parent / "contain.py"
BOUNDS = Bounds(memory=4 * 10**9, disk=10**8, processes=300, cpu_seconds=60)
LOOK = (
    "import json; from graders.sandbox.isolation import look; found = look(); "
    "print(json.dumps([found.layers, found.missing, found.why, found.walls is not None]))"
)


def found(tmp_path, wish="auto"):
    return find_isolation(view_for("cpu", []), BOUNDS, tmp_path / "root", wish)


def inside(walls, source, tmp_path):
    """Run source code behind some walls, and return what it has put into `report`."""
    from graders.recording import RecordingFolder

    job = Job(name="work.py", cells=read_cells("work.py", source.encode()), seed=1, threads=1)
    ended = Sandbox(ForkServer("cpu"), walls, BOUNDS).run(job, tmp_path / "recording")
    assert ended.how == "finished"
    return json.loads(RecordingFolder.open(tmp_path / "recording").data.values["report"])


def contained(*command, **options):
    return subprocess.run(
        [sys.executable, str(CONTAIN), *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )


def test_every_required_layer_is_to_be_had_here(tmp_path):
    assert found(tmp_path, "require").missing == []


def test_nothing_is_looked_for_where_none_is_wished(tmp_path):
    assert found(tmp_path, "off").walls is None
    assert not (tmp_path / "root").exists()


def test_without_namespaces_the_missing_layers_and_the_reason_are_named():
    layers, missing, why, walls = json.loads(contained(sys.executable, "-c", LOOK).stdout)

    assert "PID namespace" in missing
    assert FILES in missing
    assert LANDLOCK in layers
    assert "unshare" in why
    assert walls


@pytest.mark.sandbox
def test_grade_refuses_to_run_what_it_can_not_keep_in(tmp_path):
    work = tmp_path / "alice.py"
    work.write_text("x = 1")
    tensormark = Path(sys.executable).with_name("tensormark")

    done = contained(
        str(tensormark), "grade", "fashion_cnn", str(work), "-o", "out", "--data", "builtin",
        cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert "Missing: PID namespace, own file tree" in said
    assert "--isolation off" in said
    assert not (tmp_path / "out" / "alice").exists()


def test_what_to_do_is_said_for_what_stands_in_the_way(monkeypatch):
    settings = {
        "kernel/apparmor_restrict_unprivileged_userns": "1",
        "user/max_user_namespaces": "0",
    }
    monkeypatch.setattr(isolation, "_setting", lambda name: settings.get(name, ""))
    monkeypatch.setattr(isolation.platform, "release", lambda: "4.4.0-19041-Microsoft")

    advice = "\n".join(isolation._advice())

    for word in ("apparmor_restrict", "max_user_namespaces=", "5.13", "WSL 1"):
        assert word in advice


def test_on_another_system_grading_is_refused_and_says_where_it_can_be_done(tmp_path, monkeypatch):
    monkeypatch.setattr(isolation.kernel, "is_known", lambda: False)
    monkeypatch.setattr(isolation.platform, "system", lambda: "Darwin")

    with pytest.raises(IsolationError, match=r"it is Darwin[\s\S]*Linux[\s\S]*--isolation off"):
        found(tmp_path, "require")
    (tmp_path / "root").rmdir()
    assert found(tmp_path).walls is None


@pytest.mark.sandbox
@pytest.mark.parametrize("root", [True, False])
def test_the_walls_hold_for_root_and_for_an_ordinary_user(tmp_path, monkeypatch, root):
    if root and os.geteuid() != 0:
        pytest.skip("needs root")
    if not root:
        # What an ordinary user's grader chooses, which works for root as well.
        monkeypatch.setattr(isolation.os, "geteuid", lambda: 1000)
    walls = found(tmp_path, "require")
    monkeypatch.undo()

    report = inside(
        walls,
        "import json, os\n"
        "def name(path):\n"
        "    try: return os.path.exists(path) and type(open(path).read()).__name__\n"
        "    except OSError as error: return type(error).__name__\n"
        "numbers = sorted(int(n) for n in os.listdir('/proc') if n.isdigit())\n"
        "report = json.dumps([numbers, os.getuid() != 0, os.listdir('/home'), "
        f"name({str(CONTAIN)!r}), name('/etc/shadow')])",
        tmp_path,
    )

    assert (OTHER_USER if root else USER_NAMESPACE) in walls.layers
    assert set(REQUIRED) <= set(walls.layers)
    assert report == [[1, 2], True, ["student"], False, False]


@pytest.mark.sandbox
def test_without_namespaces_files_and_network_are_closed_all_the_same(tmp_path, monkeypatch):
    wanted = isolation._wanted
    monkeypatch.setattr(
        isolation, "_wanted", lambda *args: [w for w in wanted(*args) if not w.namespaces]
    )
    walls = found(tmp_path)

    import reference

    secret = reference.__path__[0] + "/expected/fashion_cnn.json"
    report = inside(
        walls,
        "import json, os, socket\n"
        "def tried(action, *arguments):\n"
        "    try: action(*arguments)\n"
        "    except OSError as error: return type(error).__name__\n"
        "report = json.dumps([tried(open, p) for p in "
        f"({secret!r}, '/etc/shadow', {str(CONTAIN)!r})] + "
        f"[tried(open, {str(tmp_path)!r} + '/planted', 'w'), tried(socket.socket)])",
        tmp_path,
    )

    assert FILES in walls.missing
    assert report == [*["PermissionError"] * 4, "OSError"]
