"""Collect what happens into a recording, and save it whole after every cell."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from graders.files import write_whole
from graders.recording.schema import Limits, Recording

_NOTES = 50
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass
class Writer:
    """The recording under way, its folder, and its bounds."""

    folder: Path
    limits: Limits
    recording: Recording = field(default_factory=Recording)
    cell: int | None = None
    _files: int = 0

    def save(self) -> None:
        """Write recording.json whole or not at all."""
        try:
            with warnings.catch_warnings():
                # Of a student's object that passes for a number or a text.
                warnings.simplefilter("error")
                text = self.recording.model_dump_json()
        except Exception:  # noqa: BLE001 - or of half a surrogate pair, which UTF-8 has not
            text = Recording.model_validate(_exact(self.recording)).model_dump_json()
        write_whole(self.folder / "recording.json", text)

    def has_room(self, what: str, items: list[Any] | dict[str, Any], limit: int) -> bool:
        """Tell whether another item fits; say once where it doesn't."""
        if len(items) < limit:
            return True
        self.note(f"More than {limit:,} {what}; the rest was left out.")
        return False

    def note(self, text: str) -> None:
        """Say what was cut or could not be recorded; each thing once, and not without end."""
        cuts = self.recording.cuts
        if text not in cuts and len(cuts) < _NOTES:
            cuts.append(text)

    def quietly(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Record without disturbing the student's code; what fails is said in the recording."""
        try:
            action(*arguments)
        except Exception as error:  # noqa: BLE001 - a student's class may break any look at it
            what = getattr(action, "__name__", "call").strip("_")
            self.note_failure(f"A {what}", error)

    def note_failure(self, what: str, error: BaseException) -> None:
        """Say what could not be recorded and why; a student's exception may not describe itself."""
        try:
            message = str(error)[:200]
        except BaseException:  # noqa: BLE001 - it may raise anything
            message = ""
        self.note(f"{what} could not be recorded: {type(error).__name__}: {message}")

    def keep_array(self, name: str, array: NDArray[Any]) -> str | None:
        """Store an array beside the recording; None where it is too large or not numeric."""
        if array.nbytes > self.limits.array_bytes or array.dtype.kind not in "biuf":
            return None
        self._files += 1
        file = f"{self._files:04d}-{_UNSAFE.sub('_', name)[:40]}.npy"
        np.save(self.folder / file, array, allow_pickle=False)
        return file


def _exact(value: Any) -> Any:
    """Rebuild a nested value of Python's own types alone, by their own methods.

    What a student's class says of itself is not asked; what is none of these becomes None.
    """
    kind = type(value)
    if issubclass(kind, BaseModel):
        return {
            name: _exact(item) for name, item in object.__getattribute__(value, "__dict__").items()
        }
    if issubclass(kind, str):
        return str.__str__(value).encode("utf-8", "replace").decode("utf-8")
    if issubclass(kind, dict):
        return {_exact(key): _exact(item) for key, item in dict.items(value)}
    if issubclass(kind, list | tuple):
        return [_exact(item) for item in _members(value)]
    if issubclass(kind, bool) or value is None:
        return value
    if issubclass(kind, int):
        return int.__add__(value, 0)
    return float.__add__(value, 0.0) if issubclass(kind, float) else None


def _members(value: list[Any] | tuple[Any, ...]) -> Iterator[Any]:
    own: Any = list if issubclass(type(value), list) else tuple
    return iter(own.__iter__(value))
