"""Find submissions that share what hardly anybody else has.

Code is compared through an index of rare fingerprints, never each with each, so that thousands of
students take seconds. What much of the class writes in the same way counts for nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from graders.similar.fingerprint import Fingerprint

# Rare is what at most a tenth of the class has, and so many in a small or a very large one.
_RARE_SHARE, _RARE_AT_LEAST, _RARE_AT_MOST = 0.1, 4, 20
# What two submissions must have in common, of the smaller one's rare fingerprints and of all.
_SHARE, _CONTAINED = 0.8, 0.95
# Rare fingerprints of the smaller one, and fingerprints of code that is the same as a whole.
_RARE_ENOUGH, _ENOUGH = 30, 60
_MOST_GROUPS = 50

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Similar:
    """Submissions that a person may want to look at side by side; no points depend on it."""

    kind: Literal["code", "weights"]
    students: tuple[str, ...]  # their keys, sorted, at least two
    share: float  # 0..1: of the smaller one's particular code, or of its networks, in common
    note: str  # a sentence or two for the person


def find_similar(
    prints: Mapping[str, Fingerprint], weights: Mapping[str, Sequence[str]]
) -> list[Similar]:
    """Find submissions that share code or weights which hardly anybody else has.

    Args:
        prints: the fingerprint of each student's code, by the student's key.
        weights: what names the weights that were brought along or trained in the student's own
            process, by the student's key. Those that the grader trained don't belong here.

    Returns:
        At most 50 groups, the largest share first; the same for the same input, in whatever order
        it comes.

    """
    prints = dict(sorted(prints.items()))
    found = [*_similar_code(prints), *_similar_weights(prints, weights)]
    found.sort(key=lambda group: (-group.share, -len(group.students), group.students, group.kind))
    return found[:_MOST_GROUPS]


def _similar_code(prints: Mapping[str, Fingerprint]) -> list[Similar]:
    """Group the students whose code is the same, or nearly so."""
    same: dict[str, list[str]] = defaultdict(list)
    for key, of_student in prints.items():
        if of_student.whole and len(of_student.hashes) >= _ENOUGH:
            same[of_student.whole].append(key)
    # Equal code counts once: else what a large group has copied would seem to be common.
    codes = list(same.values())
    links = _links([prints[keys[0]].hashes for keys in codes], len(prints))
    shares: dict[int, float] = {}
    groups = _joined(len(codes), links)
    for (one, _), share in links.items():
        root = groups[one]
        shares[root] = min(share, shares.get(root, 1.0))
    members: dict[int, list[str]] = defaultdict(list)
    for at, keys in enumerate(codes):
        members[groups[at]] += keys
    return [
        _of_code(prints, tuple(sorted(keys)), shares.get(root, 1.0), is_same=root not in shares)
        for root, keys in members.items()
        if len(keys) > 1
    ]


def _of_code(
    prints: Mapping[str, Fingerprint], students: tuple[str, ...], share: float, *, is_same: bool
) -> Similar:
    if is_same:
        note = "Their code is the same, but for names, comments, layout and the order of cells."
    else:
        note = (
            f"Of the code that hardly anybody else has, {share:.0%} of the smaller one's stands "
            "in the other's as well."
        )
        if len(students) > 2:
            note += " So are some of them linked with each other, and perhaps not all with all."
    return Similar("code", students, round(share, 3), note + _of_files(prints, students))


def _of_files(prints: Mapping[str, Fingerprint], students: Sequence[str]) -> str:
    """Say whether some handed in the very same file."""
    files: dict[str, int] = defaultdict(int)
    for key in students:
        if key in prints and prints[key].file:
            files[prints[key].file] += 1
    most = max(files.values(), default=0)
    if most < 2:
        return ""
    which = "Their files" if most == len(students) else f"The files of {most} of them"
    return f" {which} are the same byte for byte, as they are where a group hands in together."


def _links(codes: Sequence[tuple[int, ...]], students: int) -> dict[tuple[int, int], float]:
    """Return the pairs that share enough, by position, each with its share."""
    if len(codes) < 2:
        return {}
    index = _Index.of(codes, students)
    found: dict[tuple[int, int], float] = {}
    for one in range(len(codes)):
        if index.rare[one] < _RARE_ENOUGH:
            continue
        shared = index.shared_with(one)
        shared[: one + 1] = 0
        smaller = np.minimum(index.rare[one], index.rare)
        close = np.flatnonzero((smaller >= _RARE_ENOUGH) & (shared >= _SHARE * smaller))
        for other in map(int, close):
            if _contained(codes[one], codes[other]) >= _CONTAINED:
                found[one, other] = float(shared[other] / smaller[other])
    return found


def _contained(one: Sequence[int], other: Sequence[int]) -> float:
    """Return how much of the smaller of two is in the larger one, 0..1."""
    return len(set(one) & set(other)) / min(len(one), len(other))


@dataclass
class _Index:
    """Who else has each fingerprint that is rare but not alone."""

    rare: Ints  # how many rare fingerprints each code has, those that it has alone included
    codes: Ints  # the codes of all buckets, one bucket after the other
    starts: Ints  # where each bucket begins in `codes`
    sizes: Ints
    of_code: list[Ints]  # the buckets that each code is in

    @classmethod
    def of(cls, codes: Sequence[tuple[int, ...]], students: int) -> _Index:
        at_most = min(max(_RARE_AT_LEAST, int(_RARE_SHARE * students)), _RARE_AT_MOST)
        owner = np.repeat(np.arange(len(codes)), [len(hashes) for hashes in codes])
        values: Ints = np.fromiter((h for hashes in codes for h in hashes), np.int64, len(owner))
        _, bucket, sizes = np.unique(values, return_inverse=True, return_counts=True)
        is_rare = sizes[bucket] <= at_most
        rare = np.bincount(owner[is_rare], minlength=len(codes))
        # Sorted by bucket, and in a bucket by code.
        order = np.argsort(bucket, kind="stable")
        starts = np.cumsum(sizes) - sizes
        shared = is_rare & (sizes[bucket] > 1)
        ends = np.cumsum(np.bincount(owner[shared], minlength=len(codes)))
        of_code = np.split(bucket[shared], ends[:-1])
        return cls(rare, owner[order], starts, sizes, of_code)

    def shared_with(self, code: int) -> Ints:
        """Return how many rare fingerprints each code shares with one, shape (codes,)."""
        buckets = self.of_code[code]
        sizes = self.sizes[buckets]
        # Positions of all members of these buckets, without a loop over them.
        first = np.repeat(self.starts[buckets] - np.cumsum(sizes) + sizes, sizes)
        members = self.codes[first + np.arange(len(first))]
        return np.bincount(members, minlength=len(self.rare))


def _joined(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each of `count` things the first one that links lead to."""
    root = list(range(count))

    def first(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    for pair in links:
        low, high = sorted(map(first, pair))
        root[high] = low
    return [first(at) for at in range(count)]


def _similar_weights(
    prints: Mapping[str, Fingerprint], weights: Mapping[str, Sequence[str]]
) -> list[Similar]:
    """Group the students whose own networks have the same weights."""
    at_most = max(_RARE_AT_LEAST, int(_RARE_SHARE * len(weights)))
    holders: dict[str, list[str]] = defaultdict(list)
    for key in sorted(weights):
        for name in set(weights[key]):
            holders[name].append(key)
    groups: dict[tuple[str, ...], int] = defaultdict(int)
    for keys in holders.values():
        # What many bring along was given to them, but equal files are one submission.
        files = {prints[key].file or key if key in prints else key for key in keys}
        if len(keys) > 1 and len(files) <= at_most:
            groups[tuple(keys)] += 1
    return [_of_weights(prints, weights, keys, count) for keys, count in groups.items()]


def _of_weights(
    prints: Mapping[str, Fingerprint],
    weights: Mapping[str, Sequence[str]],
    students: tuple[str, ...],
    count: int,
) -> Similar:
    smallest = min(len(set(weights[key])) for key in students)
    networks = "a network" if count == 1 else f"{count} networks"
    note = (
        f"Each has {networks} with the same weights, which the grader did not train: they were "
        "brought along, or trained in the student's own process. Weights that were published, or "
        "made with the same fixed seed, are the same for everybody."
    )
    return Similar(
        "weights", students, round(count / smallest, 3), note + _of_files(prints, students)
    )
