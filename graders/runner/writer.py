"""Collect what happens into a recording, and save it whole after every cell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticSerializationError

from graders.recording.schema import Limits, Recording

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
            text = self.recording.model_dump_json()
        except PydanticSerializationError:
            # Half of a surrogate pair, which Python's str holds and UTF-8 doesn't.
            whole = _encodable(self.recording.model_dump(mode="python"))
            text = Recording.model_validate(whole).model_dump_json()
        partial = self.folder / "recording.json.partial"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.folder / "recording.json")

    def has_room(self, what: str, items: list[Any] | dict[str, Any], limit: int) -> bool:
        """Tell whether another item fits; say once where it doesn't."""
        if len(items) < limit:
            return True
        note = f"More than {limit:,} {what}; the rest was left out."
        if note not in self.recording.cuts:
            self.recording.cuts.append(note)
        return False

    def keep_array(self, name: str, array: NDArray[Any]) -> str | None:
        """Store an array beside the recording; None where it is too large or not numeric."""
        if array.nbytes > self.limits.array_bytes or array.dtype.kind not in "biuf":
            return None
        self._files += 1
        file = f"{self._files:04d}-{_UNSAFE.sub('_', name)[:40]}.npy"
        np.save(self.folder / file, array, allow_pickle=False)
        return file


def _encodable(value: Any) -> Any:
    """Replace what can't be written as UTF-8, in every text of a nested value."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value
