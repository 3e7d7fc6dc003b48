"""Keep beside each result what near-identical submissions are found by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from graders.assignment import Assignment
from graders.files import write_whole
from graders.similar import Fingerprint, Similar, Starter, find_similar, fingerprint_of, starter_of
from graders.submission import read_cells

_FILE = "traces.json"


def keep_traces(folder: Path, assignment: Assignment) -> None:
    """Note in a student's folder what its code and its weights are known by."""
    traces = fingerprint_of(folder, _starter(assignment.folder / "starter.ipynb"))
    if traces is None:
        return
    kept = {"code": traces.code.to_json(), "weights": traces.weights}
    write_whole(folder / _FILE, json.dumps(kept))


def similar_in(folders: Mapping[str, Path]) -> list[Similar]:
    """Find near-identical submissions of a class.

    Args:
        folders: those of the students, by key; what has no traces is passed over.

    """
    prints: dict[str, Fingerprint] = {}
    weights: dict[str, tuple[str, ...]] = {}
    for key, folder in folders.items():
        try:
            kept = json.loads((folder / _FILE).read_bytes())
            code = Fingerprint.from_json(kept["code"])
            named = tuple(str(name) for name in kept["weights"])
        except (OSError, ValueError, LookupError, TypeError):
            continue
        if code is not None:
            prints[key], weights[key] = code, named
    return find_similar(prints, weights)


@lru_cache(maxsize=4)
def _starter(path: Path) -> Starter:
    if not path.is_file():
        return frozenset()
    return starter_of(read_cells(path.name, path.read_bytes()))
