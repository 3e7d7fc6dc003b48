"""Make a recording of what an untrusted process has written, item by item.

An item that isn't what it must be is left out, and the recording says how many were: the rest is
graded. What can't be told apart into items is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from graders.recording.bounds import LIMITS, Bound, Budget, ExcessError, bounded, bounded_value
from graders.recording.kinds import ARRAYS, CELL_CHARACTERS, ENVIRONMENT, KINDS, Kind, Seen
from graders.recording.schema import (
    SCHEMA_VERSION,
    Cell,
    EnvironmentRecord,
    Model,
    Recording,
)

# Each number, text, list and dict that is parsed takes up to 100 bytes.
_MARKS = 4_000_000
_SOURCE_CHARACTERS = 1_000_000
_NOTES, _COMMANDS = 50, 50
_NAME = 200
_VALUE = Bound(nodes=1000, characters=LIMITS.text_characters, length=200, depth=4)


class UnreadableError(Exception):
    """The text is no recording at all; says why."""


def recording_of(content: bytes) -> Recording:
    """Read `recording.json` as far as it is valid; what was left out stands in `cuts`.

    Raises:
        UnreadableError: it is not JSON, not an object, of another version, or far too large.

    """
    return _Repair(_parsed(content)).recording()


def _parsed(content: bytes) -> dict[str, Any]:
    # Millions of empty lists fit into a few bytes each, and take a hundred once they are parsed.
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > _MARKS:
        raise UnreadableError(f"it holds more than {_MARKS:,} values")
    try:
        raw = from_json(content)
    except ValueError as error:
        raise UnreadableError(f"it is not valid JSON ({str(error)[:100]})") from error
    if not isinstance(raw, dict):
        raise UnreadableError("it is not a JSON object")
    if raw.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        raise UnreadableError(f"it is not of version {SCHEMA_VERSION}")
    return raw


@dataclass
class _Repair:
    raw: dict[str, Any]
    cuts: list[str] = field(default_factory=list)

    def recording(self) -> Recording:
        """Take each part as far as it is valid."""
        parts: dict[str, Any] = {kind.name: self._list(kind) for kind in KINDS}
        parts["arrays"] = self._arrays()
        parts["values"] = self._values()
        parts["environment"] = self._environment()
        parts["skipped_commands"] = self._texts("skipped_commands", _COMMANDS)
        for name in ("status", "seconds"):
            parts |= self._single(name)
        if self.raw.keys() - Recording.model_fields.keys():
            self._say("The recording holds parts that are unknown; they were left out.")
        # Its own notes come last, so that they can't push ours out.
        noted = self._texts("cuts", _NOTES)
        return Recording(**parts, cuts=[*self.cuts, *(n for n in noted if n not in self.cuts)])

    def _list(self, kind: Kind) -> list[Model]:
        raw = self._part(kind.name, list)
        items = self._prepared(raw[: kind.most]) if kind.model is Cell else raw[: kind.most]
        found: list[Model] = []
        taken: set[int] = set()
        seen = Seen(kind)
        for item in items:
            one = seen.item(item)
            number = getattr(one, kind.number) if one is not None and kind.number else None
            if number is not None and (number < 0 or number in taken):
                seen.damaged += 1
            elif one is not None:
                found.append(one)
                taken |= {number} if number is not None else set()
        self._count(seen, len(raw))
        return found

    def _prepared(self, cells: list[Any]) -> Iterator[Any]:
        """Cut the texts of cells: an image can stand in one, and nobody reads it to its end."""
        left, cut = _SOURCE_CHARACTERS, False
        for cell in cells:
            source = cell.get("source") if isinstance(cell, dict) else None
            if isinstance(source, str):
                kept = source[: min(left, CELL_CHARACTERS)]
                left -= len(kept)
                cut = cut or kept != source
                yield cell | {"source": kept}
            else:
                yield cell
        if cut:
            self._say("The text of very long cells was cut; what they did is graded.")

    def _arrays(self) -> dict[str, Any]:
        raw = self._part("arrays", dict)
        named = list(raw.items())[: ARRAYS.most]
        seen = Seen(ARRAYS)
        items = {name: seen.item(item if len(name) <= _NAME else None) for name, item in named}
        self._count(seen, len(raw))
        return {name: item for name, item in items.items() if item is not None}

    def _values(self) -> dict[str, Any]:
        raw = self._part("values", dict)
        named = [(k, v) for k, v in list(raw.items())[: LIMITS.values] if len(k) <= _NAME]
        budget = Budget()
        found = {name: bounded_value(value, _VALUE, budget) for name, value in named}
        if len(raw) > LIMITS.values:
            self._say(f"Only {LIMITS.values:,} of {len(raw):,} values in the recording were read.")
        return found

    def _environment(self) -> EnvironmentRecord | None:
        raw = self.raw.get("environment")
        found = None if raw is None else Seen(ENVIRONMENT).item(raw)
        if raw is not None and found is None:
            self._say("The environment in the recording is damaged and was left out.")
        return found if isinstance(found, EnvironmentRecord) else None

    def _texts(self, name: str, most: int) -> list[str]:
        return [text[:2000] for text in self._part(name, list)[:most] if isinstance(text, str)]

    def _single(self, name: str) -> dict[str, Any]:
        if name not in self.raw:
            return {}
        try:
            value = bounded(self.raw[name], Bound(1))
            return {name: getattr(Recording.model_validate({name: value}), name)}
        except (ExcessError, ValidationError):
            self._say(f"The {name} of the run in the recording can't be read.")
            return {}

    def _part(self, name: str, type_: Callable[[], Any]) -> Any:
        """Return a list or dict of the recording, an empty one where it is something else."""
        empty = type_()
        found = self.raw.get(name, empty)
        if isinstance(found, type(empty)):
            return found
        self._say(f"The {name.replace('_', ' ')} of the recording can't be read.")
        return empty

    def _count(self, seen: Seen, given: int) -> None:
        words, read = seen.kind.words, min(given, seen.kind.most)
        several = f"{read:,} {words[read != 1]}"
        if given > read:
            self._say(f"Only {read:,} of {given:,} {words[1]} in the recording were read.")
        for count, what in ((seen.damaged, "damaged"), (seen.large, "too large")):
            if count:
                are, were = ("is", "was") if count == 1 else ("are", "were")
                self._say(
                    f"{count:,} of {several} in the recording {are} {what} and {were} left out."
                )

    def _say(self, sentence: str) -> None:
        self.cuts.append(sentence)
