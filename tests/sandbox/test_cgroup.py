"""The layout of cgroup v2 in a plain folder: its files are written and read as the kernel's are."""

import os
import subprocess
import sys

import pytest

from graders.sandbox.cgroup import Group, find_parent
from graders.sandbox.plan import Bounds

BOUNDS = Bounds(memory=10**9, disk=10**8, processes=50, cpu_seconds=60)


@pytest.fixture
def delegated(tmp_path):
    """A group that is the grader's own, with this process in it."""
    root = tmp_path / "cgroup"
    group = root / "user.slice" / "grading.scope"
    group.mkdir(parents=True)
    (group / "cgroup.controllers").write_text("cpu memory pids\n")
    (group / "cgroup.subtree_control").write_text("")
    (group / "cgroup.procs").write_text(f"{os.getpid()}\n")
    own = tmp_path / "own"
    own.write_text("4:memory:/elsewhere\n0::/user.slice/grading.scope\n")
    return root, own, group


def test_a_delegated_group_is_made_ready_for_groups_of_submissions(delegated):
    root, own, group = delegated

    assert find_parent(root, own) == group
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (group / "tensormark" / "cgroup.procs").read_text() == str(os.getpid())


def test_a_group_with_other_peoples_processes_is_left_alone(delegated):
    root, own, group = delegated
    with subprocess.Popen(
        [sys.executable, "-c", "import os, time; print(os.getppid(), flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
    ) as other:
        (group / "cgroup.procs").write_text("1\n")
        found = find_parent(root, own)
        other.kill()

    assert found is None
    assert not (group / "tensormark").exists()


@pytest.mark.parametrize(
    ("file", "content"),
    [("cgroup.controllers", "cpu\n"), ("own", "4:memory:/x\n"), ("own", "0::/\n")],
)
def test_nothing_is_found_where_nothing_is_delegated(delegated, file, content):
    root, own, group = delegated
    (own if file == "own" else group / file).write_text(content)

    assert find_parent(root, own) is None


def test_a_submissions_group_has_its_bounds_and_its_processes(tmp_path):
    group = Group.make(tmp_path, BOUNDS)

    group.add(os.getpid())

    written = {p.name: p.read_text() for p in group.folder.iterdir()}
    assert written["memory.max"] == "1000000000"
    assert written["pids.max"] == "50"
    assert int(written["cgroup.procs"]) > 0


def test_that_the_kernel_has_ended_it_is_known(tmp_path):
    group = Group.make(tmp_path, BOUNDS)
    assert not group.ran_out_of_memory()

    (group.folder / "memory.events").write_text("low 0\nmax 12\noom 1\noom_kill 3\n")

    assert group.ran_out_of_memory()
