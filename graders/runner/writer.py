"""Collect what happens into a recording, and save it whole after every cell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        partial = self.folder / "recording.json.partial"
        partial.write_text(self.recording.model_dump_json(), encoding="utf-8")
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
