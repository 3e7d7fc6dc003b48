"""The built-in look-alike of Fashion-MNIST: ten classes of garments, drawn by code.

A demonstration, a test or a course room without a network needs images that have the shapes, the
dtypes and about the difficulty of ``keras.datasets.fashion_mnist``. These have none of its pixels.
A person recognises them, a dense network with two hidden layers of ten units reaches about 80%
after three epochs, and a convolutional network does better, because garments are shifted about
and told apart by small things (stripes, buttons, straps) as much as by their outline.

No label is wrong. The set is hard because similar garments are cut from overlapping ranges: a
shirt may be as short-sleeved as a T-shirt or as plain as a coat, and a high sneaker is as tall as a
low ankle boot. The ranges stand in two tables, ``_CUTS`` and ``_LASTS``.

The same seed gives the same bytes on every machine: random numbers are scaled integers, and all
that follows are single operations that IEEE 754 rounds exactly (no sines, sums or BLAS).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Images: TypeAlias = NDArray[np.uint8]
Labels: TypeAlias = NDArray[np.uint8]
Split: TypeAlias = tuple[tuple[Images, Labels], tuple[Images, Labels]]

SIDE = 28  # pixels across and down

# Arrays broadcast to (items, rows, columns): a number for each item has shape (n, 1, 1), a height
# (n, 28, 1), and whatever leans with the item (n, 28, 28), as images have. All are float32; the
# alias doesn't say so because NumPy's type stubs take float32 times a Python number for float64.
_Array: TypeAlias = NDArray[Any]
_Range: TypeAlias = tuple[float, float]
# How many of a garment's cloths are striped downwards, across and slantwise: shares 0..1.
_Stripes: TypeAlias = tuple[float, float, float]

_BLOCK = 500  # images drawn at once; few enough to stay in the processor's cache


def draw(seed: int = 10, train: int = 60_000, test: int = 10_000) -> Split:
    """Draw a training and a test set in the layout of ``fashion_mnist.load_data()``.

    Args:
        seed: any integer from 0; the same seed and sizes give the same bytes.
        train: the number of training images. A small set is a quick draw of its own, not the
            beginning of a larger one.
        test: the number of test images.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, all uint8: images of shape (count, 28, 28), from 0
        (background) to 255, and labels of shape (count,), from 0 (T-shirt) to 9 (ankle boot) as in
        Fashion-MNIST, in random order and equally frequent (to within one image).
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    return _draw_set(rng, train), _draw_set(rng, test)


def _draw_set(rng: np.random.Generator, count: int) -> tuple[Images, Labels]:
    labels = rng.permutation(np.arange(count) % len(_GARMENTS)).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for label, garment in enumerate(_GARMENTS):
        members = np.flatnonzero(labels == label)
        for start in range(0, len(members), _BLOCK):
            block = members[start : start + _BLOCK]
            images[block] = _develop(rng, garment(rng, len(block)))
    return images, labels


def _develop(rng: np.random.Generator, drawing: _Array) -> Images:
    """Roughen the cloth with grain, leave the background black, and turn 0..1 into 0..255."""
    grain = rng.integers(0, 256, drawing.shape, np.uint8).astype(np.float32) / 256
    roughness = _uniform(rng, len(drawing), (0.02, 0.2))
    return np.minimum(drawing * (1 - roughness * grain) * 256, 255).astype(np.uint8)


# Drawing: numbers for each item, coordinates, edges, patterns ------------------------------------


def _uniform(rng: np.random.Generator, n: int, bounds: _Range) -> _Array:
    low, high = bounds
    return low + (high - low) * rng.random((n, 1, 1), np.float32)


def _some(rng: np.random.Generator, n: int, share: float) -> _Array:
    """1 for about that share of the items and 0 for the others, shape (n, 1, 1)."""
    return (rng.random((n, 1, 1), np.float32) < share).astype(np.float32)


def _place(rng: np.random.Generator, n: int, across: float, down: float) -> tuple[_Array, _Array]:
    """The pixels' coordinates (x, y) as each item sees them, (0, 0) being its middle.

    Items lie up to ``across`` and ``down`` pixels off the middle of the image, and lean a little.
    """
    pixels = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    x = pixels[None, None, :] - _uniform(rng, n, (-across, across))
    y = pixels[None, :, None] - _uniform(rng, n, (-down, down))
    return x - _uniform(rng, n, (-0.06, 0.06)) * y, y


def _ramp(at: _Array, start: _Array | float, stop: _Array | float) -> _Array:
    """0 before ``start``, 1 after ``stop``, a straight line between them."""
    return np.clip((at - start) / (stop - start), 0, 1)


def _inside(depth: _Array) -> _Array:
    """How much of a pixel is covered by a shape whose edge is ``depth`` pixels further out."""
    return np.clip(depth + 0.5, 0, 1)


def _line(offset: _Array, width: _Array | float = 1.0) -> _Array:
    """How much of a pixel is covered by a line that runs where ``offset`` is zero."""
    return _inside(width / 2 - np.abs(offset))


def _both(one: _Array, other: _Array) -> _Array:
    """Two drawings in one; where they overlap, the brighter shows."""
    both: _Array = np.maximum(one, other)
    return both


def _wave(at: _Array) -> _Array:
    """A zigzag between 0 and 1 that repeats whenever ``at`` grows by 1."""
    return np.abs(at - np.floor(at) - 0.5) * 2


def _cloth(rng: np.random.Generator, x: _Array, y: _Array, stripes: _Stripes) -> _Array:
    """The brightness, 0..1, of a cloth that may be striped in any of three directions."""
    n = len(x)
    shade = _uniform(rng, n, (0.8, 1.0))
    for along, share in zip((x, y, x + y), stripes, strict=True):
        contrast = _some(rng, n, share) * _uniform(rng, n, (0.4, 0.9))
        shade = shade * (1 - contrast * _wave(along / _uniform(rng, n, (2.2, 6))))
    return shade


# What hangs from the shoulders -------------------------------------------------------------------
# A detail says how much of each pixel it darkens, 0..1, given the pixels' distances from the middle
# line (x) and from the top (down), and the garment's length.


def _print(rng: np.random.Generator, x: _Array, down: _Array, length: _Array) -> _Array:
    n = len(x)
    size = _uniform(rng, n, (1.5, 4))
    height = np.abs(down - _uniform(rng, n, (8, 12))) * _uniform(rng, n, (0.6, 2))
    return _inside(size - np.maximum(np.abs(x), height)) * _wave((x + down) / 4)


def _ribs(rng: np.random.Generator, x: _Array, down: _Array, length: _Array) -> _Array:
    cuffs = _ramp(down, length - 4, length - 3)
    collar = _ramp(down + np.abs(x), 6, 5)
    return _both(cuffs, collar) * _wave(x / 2.4) * 0.7


def _belt(rng: np.random.Generator, x: _Array, down: _Array, length: _Array) -> _Array:
    return _line(down - length * _uniform(rng, len(x), (0.35, 0.5)), 1.5)


def _opening(rng: np.random.Generator, x: _Array, down: _Array, length: _Array) -> _Array:
    n = len(x)
    lapels = _line(np.abs(x) - _ramp(down, 9, 2) * _uniform(rng, n, (2, 5)))
    pockets = _line(down - length * 0.65) * _line(np.abs(x) - 4, 3)
    return _both(lapels, pockets * _some(rng, n, 0.5))


def _buttons(rng: np.random.Generator, x: _Array, down: _Array, length: _Array) -> _Array:
    row = _line(x - _uniform(rng, len(x), (-1, 1))) * _ramp(_wave(down / 4), 0.3, 0.7)
    collar = _line(down - 4 + np.abs(x))
    return _both(row, collar)


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """What a garment with two sleeves is cut from: ranges in pixels, shares 0..1.

    The defaults are what tops have in common, and so what makes them hard to tell apart.
    """

    length: _Range = (20, 25)
    shoulder: _Range = (5, 7)  # half the width, as waist and hem
    waist: _Range = (5, 7)
    hem: _Range = (5, 7.5)
    neck: _Range = (2, 4)
    sleeve: _Range
    thick: _Range = (1.4, 2.2)  # half the sleeve's width
    sleeveless: float = 0
    stripes: _Stripes
    detail: Callable[[np.random.Generator, _Array, _Array, _Array], _Array]
    detailed: float


# fmt: off
_CUTS = {
    "T-shirt": _Cut(sleeve=(4, 12), thick=(1.6, 2.4), neck=(2, 5), sleeveless=0.15,
                    stripes=(0, 0.05, 0), detail=_print, detailed=0.5),
    "pullover": _Cut(sleeve=(15, 25), neck=(1, 3),
                     stripes=(0, 0.95, 0), detail=_ribs, detailed=0.7),
    "dress": _Cut(length=(22, 27), shoulder=(3.5, 5.5), waist=(2.5, 5), hem=(4, 9), neck=(2, 5),
                  sleeve=(3, 16), thick=(0.9, 1.6), sleeveless=0.4,
                  stripes=(0.2, 0.2, 0.1), detail=_belt, detailed=0.4),
    "coat": _Cut(length=(22, 26.5), shoulder=(5.5, 7.5), hem=(6, 8.5),
                 sleeve=(17, 26), thick=(1.6, 2.4),
                 stripes=(0, 0.05, 0.05), detail=_opening, detailed=0.8),
    "shirt": _Cut(length=(20, 26), waist=(4.5, 7), sleeve=(6, 25), sleeveless=0.05,
                  stripes=(0.95, 0.05, 0), detail=_buttons, detailed=0.8),
}
# fmt: on


def _hanging(rng: np.random.Generator, n: int, cut: _Cut) -> _Array:
    x, y = _place(rng, n, 2.5, 2.0)
    length, shoulder = _uniform(rng, n, cut.length), _uniform(rng, n, cut.shoulder)
    out, down = np.abs(x), y + length / 2

    waist, hem, middle = _uniform(rng, n, cut.waist), _uniform(rng, n, cut.hem), length * 0.4
    half = shoulder + (waist - shoulder) * _ramp(down, 3, middle)
    half = half + (hem - waist) * _ramp(down, middle, length)
    collar, neck = _uniform(rng, n, (1.5, 3)), _uniform(rng, n, cut.neck)
    slope = np.maximum(out - collar, 0) * _uniform(rng, n, (0.2, 0.5))
    hole = _inside(neck * (1 - out / (collar + 0.5)) - down)
    body = _inside(np.minimum(half - out, length - down)) * (1 - hole)

    reach = _uniform(rng, n, cut.sleeve) * (1 - _some(rng, n, cut.sleeveless))
    thick = _uniform(rng, n, cut.thick)
    arm = shoulder - 0.5 + thick * _ramp(down, 0, 4)
    arm = arm + np.maximum(down, 0) * _uniform(rng, n, (0.03, 0.22))
    sleeve = _inside(np.minimum(thick - np.abs(out - arm), reach - down))
    seam = 0.4 * _line(out - half) * _inside(reach - down)  # shows where a sleeve lies on the body

    ink = _some(rng, n, cut.detailed) * _uniform(rng, n, (0.3, 0.9))
    ink = ink * cut.detail(rng, x, down, length)
    cloth = _cloth(rng, x, y, cut.stripes) * (1 - seam) * (1 - ink)
    drawn: _Array = _both(body, sleeve) * _inside(down - slope) * cloth
    return drawn


def _trouser(rng: np.random.Generator, n: int) -> _Array:
    x, y = _place(rng, n, 2.0, 1.0)
    length, crotch = _uniform(rng, n, (23, 27)), _uniform(rng, n, (6, 10))
    out, down = np.abs(x), y + length / 2
    outer = _uniform(rng, n, (3.5, 6)) + _uniform(rng, n, (-0.5, 2.5)) * _ramp(down, 3, length)
    gap = _ramp(down, crotch, crotch + 0.5) + _uniform(rng, n, (0, 3)) * _ramp(down, crotch, length)
    legs = _inside(np.minimum(outer - out, out - gap + 0.5))
    legs = legs * _inside(np.minimum(down, length - down))
    waistband = 0.4 * _line(down - 2.5)
    return legs * (1 - waistband) * _cloth(rng, x, y, (0.2, 0.05, 0.05))


# What stands on the ground -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Last:
    """What a shoe is built on: ranges in pixels, shares 0..1. Shoes point to the left."""

    shaft: _Range  # from the ground to the top, where the heel is flat
    heel: _Range
    sole: _Range
    laced: float = 0
    strappy: bool = False


_LASTS = {
    "sandal": _Last(shaft=(4, 11), heel=(1, 7), sole=(2, 5), strappy=True),
    "sneaker": _Last(shaft=(6, 12.5), heel=(0, 1), sole=(1.2, 3), laced=0.8),
    "boot": _Last(shaft=(8.5, 20), heel=(0, 6), sole=(0.8, 2.2), laced=0.3),
}


def _shoe(rng: np.random.Generator, n: int, last: _Last) -> _Array:
    x, y = _place(rng, n, 1.0, 2.0)
    heel, shaft, sole = (_uniform(rng, n, r) for r in (last.heel, last.shaft, last.sole))
    reach = _uniform(rng, n, (10.5, 13.5))
    back = (x + reach) / (2 * reach)  # 0 at the toe, 1 at the heel
    up = (shaft + heel) / 2 - y  # from the ground

    arch = heel * _ramp(back, 0.3, 0.75)
    toe, ankle = _uniform(rng, n, (2.5, 4.5)), _uniform(rng, n, (0.4, 0.6))
    cap = toe * (0.6 * _ramp(back, 0, 0.06) + 0.4 * _ramp(back, 0, 0.25))
    tongue = 0.3 * _ramp(back, 0.15, ankle) + 0.7 * _ramp(back, ankle, ankle + 0.12)
    depth = arch + sole + cap + np.maximum(shaft - toe, 1) * tongue - up  # below the outline
    upper = _inside(np.minimum(depth, up - arch - sole))
    ground = _inside(np.minimum(arch + sole - up, up - arch))
    block = x - reach + _uniform(rng, n, (2, 9))
    block = _inside(np.minimum(block, np.minimum(up, arch - up)))

    leather = _cloth(rng, x, y, (0.1, 0.1, 0.1))
    if last.strappy:
        leather = leather * _straps(rng, x, y, depth)
    laces = _inside(2.5 - np.abs(depth - 2)) * (np.abs(back - ankle) < 0.2) * _wave((x + y) / 3)
    leather = leather * (1 - 0.7 * _some(rng, n, last.laced) * laces)
    rubber = _uniform(rng, n, (0.4, 1.0))
    shoe = _both(upper * leather, _both(ground, block) * rubber)
    return _inside(reach - np.abs(x)) * shoe


def _straps(rng: np.random.Generator, x: _Array, y: _Array, depth: _Array) -> _Array:
    """What a sandal leaves of the upper: some slanted straps, often a rim along the outline."""
    n = len(x)
    period = _uniform(rng, n, (5, 10))
    wave = _wave((x + _uniform(rng, n, (-1, 1)) * y) / period + _uniform(rng, n, (0, 1)))
    straps = _inside((wave - _uniform(rng, n, (0.4, 0.7))) * period / 2)
    rim = _some(rng, n, 0.6) * _line(depth - 0.7, _uniform(rng, n, (1, 2.5)))
    return _both(straps, rim)


def _bag(rng: np.random.Generator, n: int) -> _Array:
    x, y = _place(rng, n, 1.5, 1.5)
    height, width = _uniform(rng, n, (11, 18)), _uniform(rng, n, (8, 12.5))
    carried, rise = _some(rng, n, 0.8), _uniform(rng, n, (3, 9))
    down = y + (height - rise * carried) / 2
    side = width + _uniform(rng, n, (-0.2, 0.1)) * (height - down)
    body = _inside(np.minimum(side - np.abs(x), np.minimum(down, height - down)))
    flap = _line(down - height * _uniform(rng, n, (0.2, 0.6))) * _uniform(rng, n, (0, 0.6))
    ring = np.sqrt((x / _uniform(rng, n, (4, 8))) ** 2 + (down / rise) ** 2)
    handle = carried * _line((ring - 1) * np.minimum(rise, 5), 1.6) * (down < 1)
    return _both(body * (1 - flap), handle * 0.8) * _cloth(rng, x, y, (0.3, 0.3, 0.1))


_GARMENTS: tuple[Callable[[np.random.Generator, int], _Array], ...] = (
    partial(_hanging, cut=_CUTS["T-shirt"]),
    _trouser,
    partial(_hanging, cut=_CUTS["pullover"]),
    partial(_hanging, cut=_CUTS["dress"]),
    partial(_hanging, cut=_CUTS["coat"]),
    partial(_shoe, last=_LASTS["sandal"]),
    partial(_hanging, cut=_CUTS["shirt"]),
    partial(_shoe, last=_LASTS["sneaker"]),
    _bag,
    partial(_shoe, last=_LASTS["boot"]),
)
