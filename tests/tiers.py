"""Tests are chosen by what they need, and a test without a marker can't start what it stands for.

`pytest -m "not sandbox and not training"` runs what needs no TensorFlow, and must not import it in
any process. So while a test without these markers runs, every way to it raises `Unmarked`.
"""

from __future__ import annotations

import importlib.abc
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from graders.sandbox.server import ForkServer

# A stand-in for tensorflow that raises as soon as a process imports it.
REFUSING = Path(__file__).with_name("no_tensorflow")
# Markers of tests that may start processes with TensorFlow in them.
_IN_PROCESSES = {"sandbox", "training"}
# Tests that share the audit's plan, which takes seconds to make.
_AUDIT = "tests/audit/"
# Tests of whole classes, with the assignment's name first among their parameters.
_CLASSES = "test_samples.py"
# Fixtures that start a sandbox.
_SANDBOXES = {"sandbox", "run_code", "trusting", "grader", "attack", "class_of"}


class Unmarked(BaseException):
    """A test has started what it isn't marked for; no `except Exception` may hide it."""


class _Finder(importlib.abc.MetaPathFinder):
    """Refuses to import TensorFlow into this process."""

    allowed = True

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if not self.allowed and name in {"tensorflow", "keras"}:
            raise Unmarked(f"mark this test with `training`: it imports {name}")


_finder = _Finder()

# Nothing depends on how fast examples are: a busy machine would fail them.
_ANY_SPEED: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("tensormark", max_examples=25, **_ANY_SPEED)
settings.register_profile("tensormark-exhaustive", max_examples=200, **_ANY_SPEED)


def with_exhaustive(usual: Iterable[Any], exhaustive: Collection[Any]) -> list[Any]:
    """Return parameters of a test, of which those in `exhaustive` run in `make test-all` alone."""
    return [
        pytest.param(one, marks=[pytest.mark.exhaustive] if one in exhaustive else [])
        for one in usual
    ]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--exhaustive", action="store_true", help="also run what repeats ideas of other tests"
    )


def pytest_configure(config: pytest.Config) -> None:
    # pytest-xdist sets it for its workers; a console that is made under it keeps this width.
    os.environ.pop("COLUMNS", None)
    if not config.getoption("--exhaustive"):
        # Else tests would take other data, and hours, where somebody grades for real.
        os.environ.pop("TENSORMARK_DATA", None)
    sys.meta_path.insert(0, _finder)
    if not config.getoption("--hypothesis-profile", None):
        exhaustive = config.getoption("--exhaustive")
        settings.load_profile("tensormark-exhaustive" if exhaustive else "tensormark")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if _SANDBOXES & fixtures or item.get_closest_marker("cluster"):
            item.add_marker("sandbox")
        if _turn(item) == 0:
            # The first of them waits for the whole class.
            item.add_marker(pytest.mark.timeout(7200))
    if not config.getoption("--exhaustive"):
        left_out = [item for item in items if item.get_closest_marker("exhaustive")]
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
        config.hook.pytest_deselected(items=left_out)
    # Workers take file after file: what takes long comes first, so that none is left alone with it.
    first: dict[Path, int] = {}
    for item in items:
        first[item.path] = min(_turn(item), first.get(item.path, 9))
    items.sort(key=lambda item: first[item.path])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file together, and the audit's; two assignments' sample classes apart."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist is untyped
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            if file.startswith(_AUDIT):
                return _AUDIT
            if not file.endswith(_CLASSES):
                return file
            _, assignment, *_ = re.split(r"[\[\]-]", test)
            return f"{file}::{assignment}"

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def _turn(item: pytest.Item) -> int:
    if "class_of" in getattr(item, "fixturenames", ()):
        return 0  # whole classes
    marks = {mark.name for mark in item.iter_markers()}
    return 1 if marks & _IN_PROCESSES else 2


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Allow a test, and the fixtures that are made for it, what it is marked for."""
    marks = {mark.name for mark in item.iter_markers()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_finder, "allowed", "training" in marks)
        if not marks & _IN_PROCESSES:
            before = os.environ.get("PYTHONPATH")
            patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(REFUSING), before])))
            patch.setattr(ForkServer, "warm_up", _refuse)
        return (yield)


def _refuse(_: ForkServer) -> None:
    raise Unmarked("mark this test with `sandbox`: it starts the fork server")
