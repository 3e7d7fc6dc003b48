"""Find out where an array came from: which items of which data set, and how they were scaled.

A student may reshape, rescale, cut and shuffle; what a network was trained on can still be told,
because every item maps back to one item of the data set that was served.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.recording.schema import Layout, Origin

# Values that are looked at together: as 64-bit floats they stay in the processor's cache.
_CHUNK = 1 << 16
_CLOSE = 1e-4
# Items that are compared pixel by pixel.
_COMPARED = 64
# Items that are looked up before all are.
_TRIED = 256

# Each is its own inverse, and a view: shape (n, height, width, ...).
_REARRANGED: dict[Layout, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "transposed": lambda images: images.swapaxes(1, 2),
    "mirrored": lambda images: images[:, :, ::-1],
    "upside down": lambda images: images[:, ::-1],
    "turned": lambda images: images[:, ::-1, ::-1],
}

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_SUMS = "sums_"

# ((x_train, y_train), (x_test, y_test)), as load_data() returns it.
Splits = tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]


@dataclass
class Split:
    """One half of a data set, with the sums that identify its items."""

    images: NDArray[Any]
    labels: NDArray[Any]
    known_sums: NDArray[np.float64] | None = field(default=None, repr=False)

    @property
    def projection(self) -> NDArray[np.float64]:
        """One weighted sum per item, shape (items,); weights make items distinguishable."""
        if self.known_sums is None:
            self.known_sums = project(self.images)
        return self.known_sums


@dataclass
class KnownData:
    """A data set that the runner serves, ready to be recognised again."""

    name: str
    arrays: Splits = field(repr=False)
    splits: dict[str, Split] = field(repr=False)
    # Further sets that trained networks are measured on; the student's side has none.
    test_sets: dict[str, Split] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path, name: str) -> KnownData:
        """Read a data set from an .npz, with what `write` may have put beside the arrays."""
        with np.load(path, allow_pickle=False) as archive:
            x_train, y_train, x_test, y_test = (archive[key] for key in _KEYS)
            known = cls.of(name, ((x_train, y_train), (x_test, y_test)))
            for half, split in known.splits.items():
                if _SUMS + half in archive:
                    split.known_sums = archive[_SUMS + half]
        return known

    @classmethod
    def of(cls, name: str, arrays: Splits) -> KnownData:
        """Take ((x_train, y_train), (x_test, y_test)) as load_data() returns it."""
        splits = {
            half: Split(images, np.asarray(labels).reshape(-1))
            for half, (images, labels) in zip(("train", "test"), arrays, strict=True)
        }
        return cls(name, arrays, splits)

    def write(self, path: Path) -> None:
        """Write a data set so that it is read fast: not compressed, with the sums of its items."""
        values = [array for half in self.arrays for array in half]
        named: dict[str, Any] = dict(zip(_KEYS, values, strict=True))
        named |= {_SUMS + half: split.projection for half, split in self.splits.items()}
        np.savez(path, **named)

    def find(
        self, array: NDArray[Any], sums: NDArray[np.float64] | None = None
    ) -> tuple[Origin, NDArray[np.int64]] | None:
        """Recognise an array of inputs.

        Args:
            array: shape (n, ...) with the features of one item in C order.
            sums: what `project` makes of it, where that is known already.

        Returns:
            The origin, and for each row the item's position (test items follow the training
            items); None where the rows are not this data set's.

        """
        train = self.splits["train"].images
        if array.ndim < 2 or not len(array) or array[0].size != train[0].size:
            return None
        if array.dtype.kind not in "biuf":
            return None
        sums = project(array) if sums is None else sums
        found = self._in_order(array, sums) or self._by_items(array)
        return found or self._rearranged(array, sums)

    def labels_of(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return the true labels of the items that `find` returned, shape (n,)."""
        labels = np.concatenate([split.labels for split in self.splits.values()])
        return np.asarray(labels[rows])

    def find_by_labels(self, labels: NDArray[Any]) -> Origin | None:
        """Recognise a split by its labels alone, for inputs that were transformed beyond that."""
        for name, split in self.splits.items():
            count = len(labels)
            if 100 <= count <= len(split.labels) and np.array_equal(labels, split.labels[:count]):
                return Origin(
                    data_set=self.name,
                    split=name,
                    order="first",
                    items=count,
                    scale=None,
                    offset=None,
                    by="labels",
                )
        return None

    def _image(self, row: int) -> NDArray[Any]:
        """Return an item by its position; test items follow the training items."""
        train = self.splits["train"].images
        image = train[row] if row < len(train) else self.splits["test"].images[row - len(train)]
        return np.asarray(image)

    @cached_property
    def _ascending(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The sums of all items in ascending order, and whose they are."""
        sums = np.concatenate([split.projection for split in self.splits.values()])
        order = np.argsort(sums, kind="stable")
        return sums[order], order

    def _in_order(
        self, array: NDArray[Any], sums: NDArray[np.float64]
    ) -> tuple[Origin, NDArray[np.int64]] | None:
        """The common case, one pass: the first n items of a split, scaled as a whole."""
        for name, split in self.splits.items():
            known = split.projection[: len(sums)]
            found = _affine(known, sums, array, split.images)
            if found is not None:
                return self._first(name, len(sums), found)
        return None

    def _rearranged(
        self, array: NDArray[Any], sums: NDArray[np.float64]
    ) -> tuple[Origin, NDArray[np.int64]] | None:
        """Items whose pixels were moved: each item's in one known way, or all mixed up."""
        count = len(array)
        for name, split in self.splits.items():
            layouts: list[tuple[Layout, int]] = [(layout, count) for layout in _layouts_of(split)]
            # Scrambled and then cut, or cut and then scrambled.
            layouts += [("scrambled", items) for items in {len(split.images), count}]
            for layout, items in layouts:
                ours = lay_out(split.images[:items], layout)[:count]
                if not _resembles(array, ours, sums):
                    continue
                found = _affine(project(ours), sums, array, ours)
                if found is not None:
                    return self._first(name, count, found, layout)
        images = self.splits["train"].images
        for layout in _layouts_of(self.splits["train"]):
            selected = self._by_items(lay_out(array.reshape(count, *images.shape[1:]), layout))
            if selected is not None:
                origin, rows = selected
                return origin.model_copy(update={"layout": layout}), rows
        return None

    def _first(
        self, split: str, count: int, found: tuple[float, float], layout: Layout = "in place"
    ) -> tuple[Origin, NDArray[np.int64]]:
        """Describe the first items of a split."""
        origin = Origin(
            data_set=self.name,
            split="train" if split == "train" else "test",
            order="first",
            items=count,
            scale=found[0],
            offset=found[1],
            layout=layout,
        )
        shift = 0 if split == "train" else len(self.splits["train"].labels)
        return origin, np.arange(shift, shift + count)

    def _by_items(self, array: NDArray[Any]) -> tuple[Origin, NDArray[np.int64]] | None:
        """Map every row back to pixel values and look the rows up one by one."""
        low, high = float(np.min(array)), float(np.max(array))
        if not np.isfinite([low, high]).all() or high <= low:
            return None
        scale, offset = (high - low) / 255.0, low
        some = np.random.default_rng(20).integers(0, len(array), _TRIED)
        if np.mean(self._look_up(project(array[some], scale, offset))[1]) < 0.9:
            return None
        sums = project(array, scale, offset)
        rows, agrees = self._look_up(sums)
        if np.mean(agrees) < 0.99:
            return None
        # Of those that agree: one in a hundred may be something else.
        agree = np.flatnonzero(agrees)
        sample = agree[_sample(sums[agree])]
        whole = np.stack([self._image(row) for row in rows[sample]])
        if not _same_pixels(array[sample], whole, scale, offset):
            return None
        trained = len(self.splits["train"].labels)
        from_test = int(np.sum(rows >= trained))
        split = "test" if from_test == len(rows) else "train" if not from_test else "mixed"
        return (
            Origin(
                data_set=self.name,
                split=split,
                order="selected",
                items=len(np.unique(rows)),
                scale=scale,
                offset=offset,
            ),
            rows,
        )

    def _look_up(self, sums: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Find the items that have such sums, and whether they have exactly these."""
        known, order = self._ascending
        position = np.clip(np.searchsorted(known, sums - 0.5), 0, len(order) - 1)
        return order[position], np.abs(known[position] - sums) < 0.5


def lay_out(images: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Rearrange the pixels of images as a student did; a view, shape as given or flattened.

    Args:
        images: shape (n, height, width, ...).
        layout: how. Where it is "scrambled", the result depends on how many images there are.

    """
    if layout == "scrambled":
        return images.reshape(math.prod(images.shape[1:]), -1).T
    return _REARRANGED[layout](images) if layout in _REARRANGED else images


def _layouts_of(split: Split) -> tuple[Layout, ...]:
    """The ways in which the pixels of each item can have been moved; vectors have none."""
    shape = split.images.shape
    if len(shape) < 3:
        return ()
    return tuple(one for one in _REARRANGED if one != "transposed" or shape[1] == shape[2])


def project(array: NDArray[Any], scale: float = 1.0, offset: float = 0.0) -> NDArray[np.float64]:
    """Weighted sum of each item's features after (value - offset) / scale is undone.

    With a scale the features are rounded to the integers that they were, so that the sums are
    exact: weights below 2**20 and 784 features of at most 255 stay below 2**53.
    """
    flat = array.reshape(len(array), -1)
    weights = _weights(flat.shape[1])
    sums = np.empty(len(flat))
    rows = max(_CHUNK // max(flat.shape[1], 1), 1)
    for start in range(0, len(flat), rows):
        part = flat[start : start + rows].astype(np.float64, copy=False)
        if scale != 1.0 or offset != 0.0:
            part = np.rint((part - offset) / scale)
        sums[start : start + rows] = part @ weights
    return sums


def _weights(features: int) -> NDArray[np.float64]:
    return np.random.default_rng(20).integers(1, 2**20, features).astype(np.float64)


def _affine(
    known: NDArray[np.float64],
    sums: NDArray[np.float64],
    array: NDArray[Any],
    images: NDArray[Any],
) -> tuple[float, float] | None:
    """Scale and offset that turn the known items into the array, or None if none do."""
    line = _line(known, sums, array[0].size)
    if line is None:
        return None
    slope, offset, constant = line
    spread = abs(slope) * np.ptp(known)
    if not np.max(np.abs(slope * known + constant - sums)) <= _CLOSE * spread:
        return None
    sample = _sample(sums)
    if not _same_pixels(array[sample], images[sample], slope, offset):
        return None
    return slope, 0.0 if abs(offset) < 1e-9 * abs(slope) * 255 else offset


def _resembles(array: NDArray[Any], images: NDArray[Any], sums: NDArray[np.float64]) -> bool:
    """Tell from a few items whether it is worth while to compare all."""
    if len(array) != len(images):
        return False
    sample = _sample(sums)
    line = _line(project(images[sample]), sums[sample], array[0].size)
    return line is not None and _same_pixels(array[sample], images[sample], *line[:2])


def _line(
    known: NDArray[np.float64], sums: NDArray[np.float64], features: int
) -> tuple[float, float, float] | None:
    """Scale and offset of a feature, and offset of a sum, by the darkest and the brightest item."""
    if len(known) != len(sums) or len(sums) < 2:
        return None
    low, high = int(np.argmin(known)), int(np.argmax(known))
    if known[high] == known[low]:
        return None
    slope = float((sums[high] - sums[low]) / (known[high] - known[low]))
    if not np.isfinite(slope) or slope == 0:
        return None
    constant = float(sums[low] - slope * known[low])
    return slope, constant / float(_weights(features).sum()), constant


def _sample(sums: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose items to be compared pixel by pixel, where the sums agree.

    Which ones depends on all of the content: other images can be made to have known sums, by a
    brightness of their own, but not without knowing the rows that are looked at.
    """
    seed = int.from_bytes(hashlib.sha256(np.ascontiguousarray(sums).tobytes()).digest()[:8])
    return np.unique(np.random.default_rng(seed).integers(0, len(sums), _COMPARED))


def _same_pixels(array: NDArray[Any], images: NDArray[Any], scale: float, offset: float) -> bool:
    original = images.reshape(len(images), -1).astype(np.float64)
    found = array.reshape(len(array), -1).astype(np.float64)
    return bool(np.max(np.abs(scale * original + offset - found)) <= 0.01 * abs(scale) * 255)
