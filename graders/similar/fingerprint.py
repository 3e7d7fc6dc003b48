"""The fingerprint of a submission's code: a few hundred hashes that small changes leave alone.

Winnowing after S. Schleimer, D. S. Wilkerson and A. Aiken, "Winnowing: Local Algorithms for
Document Fingerprinting", SIGMOD 2003: of the hashes of every K tokens in a row, the smallest of
each WINDOW is kept. So what two texts share over K + WINDOW - 1 tokens is always found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from graders.recording.schema import Cell
from graders.similar.normal import Normal, normal_cells

# Raise it when the same code gets another fingerprint than before.
VERSION = 1
K, WINDOW = 12, 4
# Hashes of one submission; the smallest are kept, so that equal parts stay equal.
_MOST = 2000
# A cell that is shorter than K counts as a whole, unless it is hardly anything.
_SHORTEST = 6
_PRIME = 2**61 - 1
_BASE = 0x1B873593CC9E2D51 % _PRIME

# The lines of the assignment's starter, in their normal form.
Starter = frozenset[Normal]


@dataclass(frozen=True)
class Fingerprint:
    """What is compared of a submission's code, starter aside."""

    hashes: tuple[int, ...] = ()  # sorted, each 0 to 2**61
    whole: str = ""  # equal for code that is equal but for names, layout and the order of cells
    file: str = ""  # SHA-256 of what was handed in; empty: not known
    fixes_seed: bool = False  # so that a network of its own may be somebody else's, too
    loads: bool = False  # it reads weights or arrays from files

    def to_json(self) -> str:
        """Write it as JSON, to be kept from one run to the next."""
        kept = [VERSION, list(self.hashes), self.whole, self.file, self.fixes_seed, self.loads]
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Read what `to_json` wrote; None where another version wrote it, or it is damaged."""
        try:
            version, hashes, whole, file, fixes_seed, loads = json.loads(text)
            if version != VERSION:
                return None
            kept = tuple(int(value) for value in hashes)
            return cls(kept, str(whole), str(file), bool(fixes_seed), bool(loads))
        except (ValueError, TypeError, RecursionError):
            return None


_SEEDS = {"set_random_seed", "set_seed", "seed", "default_rng", "RandomState", "manual_seed"}
_LOADS = {"load_weights", "load_model", "load", "loadtxt", "File"}


def starter_of(cells: Iterable[Cell]) -> Starter:
    """Return what every student has had from the start: the code lines of the starter."""
    return frozenset(line for cell in normal_cells(_sources(cells)) for line in cell)


def fingerprint(
    cells: Iterable[Cell], starter: Starter = frozenset(), *, file: str = "", script: bool = False
) -> Fingerprint:
    """Take the fingerprint of a submission's code.

    Args:
        cells: of the submission, as the grader has read them.
        starter: lines that don't count.
        file: SHA-256 of what was handed in.
        script: it was one text, whose blank lines have made the cells.

    """
    normal = normal_cells(_sources(cells))
    if script:
        normal = [[line for cell in normal for line in cell]]
    own = [[word for line in cell if line not in starter for word in line] for cell in normal]
    words = {word.removeprefix(".") for cell in own for word in cell}
    value: dict[str, int] = {}
    hashes = {h for cell in own for h in _winnowed([_value(word, value) for word in cell])}
    return Fingerprint(
        hashes=tuple(sorted(hashes)[:_MOST]),
        whole=_whole(own),
        file=file,
        fixes_seed=not _SEEDS.isdisjoint(words),
        loads=not _LOADS.isdisjoint(words),
    )


def _sources(cells: Iterable[Cell]) -> list[str]:
    return [cell.source for cell in cells if cell.kind == "code"]


def _whole(cells: Sequence[Sequence[str]]) -> str:
    parts = sorted(_digest("\n".join(cell)).hex() for cell in cells if cell)
    return _digest("\n".join(parts)).hex() if parts else ""


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def _value(word: str, known: dict[str, int]) -> int:
    if word not in known:
        known[word] = int.from_bytes(_digest(word)[:8]) % _PRIME
    return known[word]


def _winnowed(values: list[int]) -> set[int]:
    """Return the smallest hash of each window."""
    if len(values) < _SHORTEST:
        return set()
    hashes = _rolled(values, min(K, len(values)))
    last = max(1, len(hashes) - WINDOW + 1)
    return {min(hashes[at : at + WINDOW]) for at in range(last)}


def _rolled(values: list[int], k: int) -> list[int]:
    """Hash every k values in a row, each from the one before it."""
    leading = pow(_BASE, k, _PRIME)
    rolling, found = 0, []
    for at, value in enumerate(values):
        rolling = (rolling * _BASE + value) % _PRIME
        if at >= k:
            rolling = (rolling - values[at - k] * leading) % _PRIME
        if at >= k - 1:
            found.append(rolling)
    return found
