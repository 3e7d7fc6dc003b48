"""Further test sets of an assignment: images that the grader makes as the sheet asks students to.

A sheet may have students make images of their own, such as randomly transformed ones, and judge
networks by them. Theirs differ from student to student, and could be made to please; so networks
are measured on images that the grader has drawn once, with the same settings.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from graders.describe.origin import KnownData, Split
from graders.files import write_whole
from graders.training.request import Flow, Stock, canonical

# Raise when the drawing changes, so that kept files are drawn again.
_VERSION = 1


class TestSet(BaseModel):
    """Images of a data set, transformed at random by Keras' ImageDataGenerator."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    __test__ = False  # pytest takes the name for one of its own

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,30}$")] = Field(
        description="networks are scored on it as `<name>_accuracy`; not `test`"
    )
    data_set: str
    split: Literal["train", "test"] = "train"
    items: int = Field(gt=0, description="the first so many items of the split, each once")
    generator: dict[str, Any] = Field(description="settings of ImageDataGenerator")

    @property
    def flow(self) -> Flow:
        """How the images are drawn."""
        config = dict(self.generator)
        return Flow(generator=Stock(kind="generators", name="ImageDataGenerator", config=config))

    def fingerprint(self, data: str) -> str:
        """Name the images, given the fingerprint of the data set."""
        content = canonical({"version": _VERSION, "data": data, **self.model_dump()})
        return f"{self.name}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def add_test_sets(
    known: KnownData, test_sets: Sequence[TestSet], fingerprint: str, cache: Path | None
) -> None:
    """Give a data set the further test sets that are made of it.

    Args:
        known: the data set.
        test_sets: of the assignment.
        fingerprint: of the data set.
        cache: a folder for what was drawn, shared by all processes; None: draw anew.

    """
    for one in test_sets:
        if one.data_set == known.name:
            known.test_sets[one.name] = _drawn(one, known.splits[one.split], fingerprint, cache)


def _drawn(one: TestSet, source: Split, fingerprint: str, cache: Path | None) -> Split:
    name = one.fingerprint(fingerprint)
    if cache is None:
        return _draw(one, source, name)
    path = cache / f"{name.replace(':', '-')}.npz"
    with FileLock(f"{path}.lock"):
        if not path.exists():
            drawn = _draw(one, source, name)
            stream = io.BytesIO()
            np.savez(stream, images=drawn.images, labels=drawn.labels)
            write_whole(path, stream.getvalue())
    with np.load(path, allow_pickle=False) as archive:
        return Split(archive["images"], archive["labels"])


def _draw(one: TestSet, source: Split, name: str) -> Split:
    """Transform each item once; pixels are rounded to whole numbers, as in the data set."""
    from graders.training.generators import draw

    shape = source.images.shape[1:]
    images: NDArray[Any] = source.images[: one.items].astype(np.float32)
    # A generator wants channels.
    images = images if images.ndim == 4 else images[..., None]
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    drawn, labels = draw(one.flow, images, source.labels[: one.items], seed)
    pixels = np.clip(np.rint(drawn), 0, 255).astype(np.uint8)
    return Split(pixels.reshape(-1, *shape), np.asarray(labels))
