"""Execute cells as Jupyter does: one namespace, magics, and a failing cell stops nothing."""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
import time
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from graders.recording.schema import Cell, CellOutcome
from graders.runner.output import BoundedOutput

_COMMANDS_KEPT = 50
_MESSAGE_LIMIT = 2000
_TRACEBACK_LIMIT = 4000


class InputUnavailable(EOFError):  # noqa: N818 - students read this name
    """Nobody sits at the keyboard while work is graded."""


class TimeIsUp(BaseException):
    """The submission's time has run out. Not an Exception, so that `except Exception` misses it."""


@dataclass
class Shell:
    """An IPython shell whose output, commands and questions end here."""

    output: BoundedOutput
    skipped: list[str]
    after_cell: Callable[[], None]
    script: Path | None = None  # what `__file__` says; a notebook has none
    _shell: Any = field(init=False)

    def __post_init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        config.InteractiveShell.ast_node_interactivity = "last_expr"
        self._shell = InteractiveShell.instance(config=config)
        self._shell.showtraceback = _no_traceback
        self._shell.showsyntaxerror = _no_traceback
        # IPython 9 keeps a copy of all output and of every traceback for its history. We keep our
        # own, bounded; a RecursionError's copy alone takes seconds.
        self._shell._tee = lambda *_, **__: contextlib.nullcontext()
        self._shell._format_exception_for_storage = lambda *_, **__: {}
        self._shell.ask_exit = lambda: None  # exit() ends a session; here there is none to end
        self._silence_commands()
        builtins.input = _no_input
        _stand_in_for_colab()
        if self.script is not None:
            self._shell.user_ns["__file__"] = str(self.script)
        self._hidden = set(self._shell.user_ns)

    @property
    def namespace(self) -> dict[str, Any]:
        """The student's variables: no underscore names, nothing that IPython put there."""
        return {
            name: value
            for name, value in self._shell.user_ns.items()
            if not name.startswith("_") and name not in self._hidden
        }

    def run(self, cell: Cell) -> CellOutcome:
        """Run one code cell and say how it ended.

        Raises:
            TimeIsUp: the submission's time ran out inside the cell.

        """
        self.output.clear()
        started = time.monotonic()
        with contextlib.redirect_stdout(self.output), contextlib.redirect_stderr(self.output):
            result = self._shell.run_cell(cell.source, store_history=True)
            with contextlib.suppress(Exception):
                # Showing the figures left open is our doing; it must not fail the cell.
                self.after_cell()
        error = result.error_before_exec or result.error_in_exec
        outcome = CellOutcome(
            index=cell.index,
            status="ok" if error is None else "error",
            seconds=time.monotonic() - started,
            output=self.output.text(),
        )
        if error is None:
            return outcome
        return outcome.model_copy(
            update={
                "error_type": type(error).__name__[:200],
                "error_message": _message(error),
                "traceback": _students_traceback(error)[-_TRACEBACK_LIMIT:],
            }
        )

    def _silence_commands(self) -> None:
        """Record shell escapes and installs instead of running them."""
        shell = self._shell

        def skip_command(command: str, *_: Any, **__: Any) -> None:
            self._skip(f"!{command}")

        def get_output(command: str, *_: Any, **__: Any) -> list[str]:
            self._skip(f"!{command}")
            return []

        shell.system = shell.system_raw = shell.system_piped = skip_command
        shell.getoutput = get_output
        for name in ("pip", "conda", "mamba", "uv", "tensorflow_version", "matplotlib"):
            shell.register_magic_function(self._skip_line(name), "line", name)
        for name in ("system", "sx"):
            shell.register_magic_function(self._skip_line(name), "line", name)
        for name in ("bash", "sh", "script", "system", "sx", "html", "javascript", "HTML"):
            shell.register_magic_function(self._skip_cell(name), "cell", name)

    def _skip_line(self, name: str) -> Callable[[str], None]:
        def magic(line: str) -> None:
            if name != "matplotlib":  # the backend is set; nothing is lost by that line
                self._skip(f"%{name} {line}")

        return magic

    def _skip_cell(self, name: str) -> Callable[[str, str | None], None]:
        def magic(line: str, cell: str | None = None) -> None:
            self._skip(f"%%{name} {line} {(cell or '').strip()[:80]}")

        return magic

    def _skip(self, command: str) -> None:
        command = " ".join(command.split())[:200]
        if len(self.skipped) < _COMMANDS_KEPT:
            self.skipped.append(command)
        print(f"[tensormark: not run while grading: {command}]")


def _no_traceback(*_: Any, **__: Any) -> None:
    """Errors are recorded; printing them too would fill the output."""


def _no_input(prompt: object = "") -> NoReturn:
    raise InputUnavailable(
        f"input({str(prompt)[:80]!r}): nobody can answer while the work is graded. "
        "Write the value into the code instead."
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_MESSAGE_LIMIT]
    except Exception:  # noqa: BLE001 - a student's exception may fail to describe itself
        return ""


def _students_traceback(error: BaseException) -> str:
    """Format the frames of cells and of the student's own files; libraries only as the last."""
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error))
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_students(frame.filename)]
    lines = []
    for frame in own[-8:]:
        lines.append(f"line {frame.lineno}, in {_place(frame)}\n    {frame.line or ''}\n")
    lines.extend(traceback.format_exception_only(error))
    return "".join(lines)


def _is_students(filename: str) -> bool:
    if "ipython-input" in filename or filename.startswith("<ipython"):
        return True
    return filename.startswith(str(Path.cwd())) or filename.startswith(
        os.environ.get("TMPDIR", "\0") + os.sep + "ipykernel"
    )


def _place(frame: traceback.FrameSummary) -> str:
    return "the cell" if frame.name in {"<module>", "<cell line: 1>"} else f"{frame.name}()"


def _stand_in_for_colab() -> None:
    """Let `from google.colab import drive` pass: it is the first line of many notebooks."""
    colab = types.ModuleType("google.colab")
    for name, functions in {
        "drive": ("mount", "flush_and_unmount"),
        "files": ("download", "view"),
        "output": ("clear", "eval_js"),
    }.items():
        module = types.ModuleType(f"google.colab.{name}")
        for function in functions:
            setattr(module, function, _nothing)
        setattr(colab, name, module)
        sys.modules[f"google.colab.{name}"] = module
    try:
        import google
    except ImportError:
        google = types.ModuleType("google")
        sys.modules["google"] = google
    google.colab = colab
    sys.modules["google.colab"] = colab


def _nothing(*_: Any, **__: Any) -> None:
    """Do what Colab's helpers can do where there is no Colab: nothing."""
