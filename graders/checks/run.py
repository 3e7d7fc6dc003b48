"""Run an assignment's checks on a recording, in this process, with settings of our own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from graders.checks import plugin
from graders.checks.collect import Collector
from graders.checks.context import CheckContext
from graders.errors import RunError
from graders.result import CheckResult
from graders.sandbox.environment import ENVIRONMENT_LOCK

_loaded_from: list[Path] = []


class _HandOver:
    """Hands context and collector to the plugin, which pytest loads by itself."""

    def __init__(self, context: CheckContext, collector: Collector) -> None:
        self._context = context
        self._collector = collector

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Put both where the plugin's fixtures look for them."""
        config.stash[plugin.CONTEXT] = self._context
        config.stash[plugin.COLLECTOR] = self._collector
        # The collector takes the outcomes; nobody reads pytest's own account of them.
        config.option.tbstyle = "no"


def run_checks(context: CheckContext, junit: Path | None = None) -> list[CheckResult]:
    """Run all checks of the context's assignment.

    Nothing of the caller's pytest settings has an effect: no configuration file, no environment
    variable, no other plugin.

    Args:
        context: what is checked, and with which assignment.
        junit: a file into which pytest writes its own account as JUnit XML (xunit2). Its path
            must have no `~` and no `$`, which pytest would expand.

    Raises:
        RunError: the checks could not be collected; that is the assignment's fault.

    """
    collector = Collector()
    arguments = [
        str(context.assignment.folder),
        f"--rootdir={context.assignment.folder}",
        f"--confcutdir={context.assignment.folder}",
        f"--config-file={os.devnull}",
        "--import-mode=importlib",
        "--strict-markers",
        f"--ignore={context.assignment.folder / 'samples'}",
        # Captured descriptors would swallow what other threads print meanwhile.
        "--capture=no",
        "-p",
        "no:tensormark",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
        "-p",
        "no:warnings",
        "-p",
        "no:faulthandler",
        "-p",
        "no:logging",
        "-p",
        "no:doctest",
        # They collect garbage after each run, which takes as long as the checks.
        "-p",
        "no:unraisableexception",
        "-p",
        "no:threadexception",
    ]
    if junit is not None:
        arguments += [f"--junitxml={junit}", "-o", "junit_family=xunit2"]
    hand_over: list[Any] = [_HandOver(context, collector), plugin]
    # pytest and we change process-wide state while it runs.
    with ENVIRONMENT_LOCK, _HermeticPytest():
        _forget_other_checks(context.assignment.folder)
        status = pytest.main(arguments, plugins=hand_over)
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RunError(
            f"The checks of {context.assignment.id} could not be run (pytest: {status!r}). "
            f"Try: pytest {context.assignment.folder} --recording {context.recording.folder}"
        )
    return collector.results()


def _forget_other_checks(folder: Path) -> None:
    """Drop the modules of another assignment's checks, whose files may bear the same names."""
    if _loaded_from and _loaded_from[-1] != folder:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and Path(file).parent == _loaded_from[-1]:
                del sys.modules[name]
    _loaded_from[:] = [folder]


class _HermeticPytest:
    """Keep pytest's environment variables and output out of, and bytecode off, this run."""

    def __enter__(self) -> None:
        self._environment = dict(os.environ)
        for name in list(os.environ):
            if name.startswith("PYTEST_") or name == "PY_COLORS":
                del os.environ[name]
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        self._folder = Path.cwd()
        self._bytecode = sys.dont_write_bytecode
        sys.dont_write_bytecode = True

    def __exit__(self, *_: object) -> None:
        sys.dont_write_bytecode = self._bytecode
        os.environ.clear()
        os.environ.update(self._environment)
        os.chdir(self._folder)
