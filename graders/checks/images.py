"""What check authors assert about images that students make: transformed at random, and kept.

The generators and layers that made them are what the student's process says of itself. Whether the
images are right shows in what networks learn from them, which the grader measures itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graders.checks.attempts import Attempt, count_of, is_served, place, uses_test_set
from graders.checks.context import CheckContext
from graders.checks.outcome import CheckFailed, NotAttempted, Unscored
from graders.recording import RecordingFolder
from graders.recording.schema import AugmentationRecord, DataRecord, Origin

# Settings of ImageDataGenerator that leave an image as it is; what isn't named here isn't compared.
_UNCHANGED: dict[str, Any] = {
    "rotation_range": 0.0,
    "width_shift_range": 0.0,
    "height_shift_range": 0.0,
    "shear_range": 0.0,
    "zoom_range": [1.0, 1.0],
    "brightness_range": None,
    "channel_shift_range": 0.0,
    "fill_mode": "nearest",
    "horizontal_flip": False,
    "vertical_flip": False,
}
# So far a setting may lie from the wanted one: 20 degrees are 0.0556 turns.
_NEAR = 0.05
# A test set has no fewer images.
_FEWEST = 1000


@dataclass(frozen=True)
class Augmentation:
    """A source of randomly transformed images, in the terms of Keras' ImageDataGenerator."""

    name: str  # how it is called in Keras
    settings: Mapping[str, Any]
    items: int  # images that were drawn from it outside of trainings
    origin: Origin | None  # of what it was given; None: not recognised
    cell: int | None

    @property
    def where(self) -> str:
        """The cell that made it."""
        return place(self.cell)


@dataclass(frozen=True)
class MadeArray:
    """An array of images that are none of the data set's."""

    items: int
    digest: str  # equal for equal content, as far as that is known


@dataclass(frozen=True)
class Tried:
    """On which test images a trained network was tried."""

    served: bool  # the data set's own
    made: bool  # images that students have made
    calls: int  # of evaluate and predict


def augmentations_of(recording: RecordingFolder) -> list[Augmentation]:
    """List the sources of transformed images; layers that stand in one cell are one."""
    found = []
    layers: dict[int | None, list[AugmentationRecord]] = {}
    for record in recording.data.augmentations:
        if record.kind == "layer":
            layers.setdefault(record.cell, []).append(record)
        else:
            found.append(
                Augmentation(record.name, record.settings, record.items, record.origin, record.cell)
            )
    for cell, group in layers.items():
        settings: dict[str, Any] = {}
        for record in group:
            _add_layer(settings, record)
        origins = (record.origin for record in group if record.origin is not None)
        names = ", ".join(dict.fromkeys(record.name for record in group))
        items = max(record.items for record in group)
        found.append(Augmentation(names[:200], settings, items, next(origins, None), cell))
    return found


def assert_augmentation(context: CheckContext, wanted: Mapping[str, Any]) -> Augmentation:
    """Assert that images are transformed at random as wanted, by a generator or by layers.

    Args:
        context: the submission.
        wanted: settings of ImageDataGenerator; angles in degrees, shifts as shares of the image.

    Returns:
        The source that does so.

    Raises:
        NotAttempted: there is no source of transformed images.
        Unscored: there are such images, and it can't be told how they were made.
        CheckFailed: settings differ; names each one of the nearest source.

    """
    expected = ", ".join(f"{name}={_value(value)}" for name, value in wanted.items())
    found = augmentations_of(context.recording)
    if not found and made_arrays(context):
        raise Unscored(
            "How the images were transformed can't be told.",
            expected=expected,
            found="images that are none of the data set's, from a source that isn't known",
            hint="Nothing is lost; a person will look. ImageDataGenerator and Keras' preprocessing "
            "layers can be checked at once.",
        )
    if not found:
        raise NotAttempted(
            "Nothing transforms images at random.",
            expected=expected,
            found="no ImageDataGenerator, and no preprocessing layer",
            hint="Make an ImageDataGenerator with these settings, and call its flow().",
        )
    # Of two that differ alike, the one that made the most images.
    best = min(found, key=lambda one: (len(_differences(one, wanted)), -one.items))
    wrong = _differences(best, wanted)
    if not wrong:
        return best
    raise CheckFailed(
        f"{'; '.join(f'{name} is {have}, not {want}' for name, have, want in wrong[:4])}.",
        expected=expected,
        found=", ".join(f"{name}={have}" for name, have, _ in wrong),
        where=best.where,
        hint=f"Compare the settings with the sheet's one by one; {wrong[0][0]} first.",
    )


def made_arrays(context: CheckContext) -> list[MadeArray]:
    """List the arrays of images that were made: in variables, trainings and evaluations."""
    size = context.item_size
    data = context.recording.data
    given = [training.data.x for training in data.trainings]
    given += [call.data.x for call in data.calls]
    found = {
        x.digest: MadeArray(count_of(x), x.digest)
        for x in given
        if x is not None and _is_made(x.origin, x.shape, size)
    }
    for name, record in data.arrays.items():
        if record.minimum is not None and _is_made(record.origin, record.shape, size):
            found[name] = MadeArray(record.shape[0], name)
    return list(found.values())


def tried_on(context: CheckContext, attempt: Attempt) -> Tried:
    """Tell on which images a network was tried after its training, by evaluate or predict."""
    pairs = [call.data for call in attempt.calls]
    validation = attempt.training.validation if attempt.training is not None else None
    own = attempt.x.digest if attempt.x is not None else ""
    tried: Iterable[DataRecord] = (p.x for p in [*pairs, validation] if p is not None and p.x)
    return Tried(
        served=any(uses_test_set(pair) for pair in [*pairs, validation]),
        made=any(
            x.digest != own
            and count_of(x) >= _FEWEST
            and _is_made(x.origin, x.shape, context.item_size)
            for x in tried
        ),
        calls=len(pairs),
    )


def _is_made(origin: Origin | None, shape: list[int], size: int | None) -> bool:
    """Tell images of the data set's size whose values are no item's of it."""
    return (
        not is_served(origin)
        and len(shape) > 1
        and size is not None
        and math.prod(shape[1:]) == size
    )


def _differences(one: Augmentation, wanted: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """List the settings that differ: name, found, wanted."""
    goal = _UNCHANGED | dict(wanted)
    found = _UNCHANGED | {k: v for k, v in one.settings.items() if k in _UNCHANGED}
    return [
        (name, _value(found[name]), _value(value))
        for name, value in goal.items()
        if name in found and not _is_near(found[name], value)
    ]


def _is_near(found: Any, wanted: Any) -> bool:
    if isinstance(found, list | tuple) and isinstance(wanted, list | tuple):
        pairs = zip(sorted(map(_number, found)), sorted(map(_number, wanted)), strict=False)
        return len(found) == len(wanted) and all(_is_near(one, other) for one, other in pairs)
    numbers = (found, wanted)
    if all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        return bool(abs(found - wanted) <= _NEAR * max(abs(wanted), 1e-9))
    return bool(found == wanted) or (not found and not wanted)


def _add_layer(settings: dict[str, Any], record: AugmentationRecord) -> None:
    """Say what a preprocessing layer does in the terms of ImageDataGenerator."""
    given = record.settings
    match record.name:
        case "RandomRotation":
            settings["rotation_range"] = 360.0 * _reach(given.get("factor"))
        case "RandomTranslation":
            settings["height_shift_range"] = _reach(given.get("height_factor"))
            settings["width_shift_range"] = _reach(given.get("width_factor"))
        case "RandomShear":
            reach = max(_reach(given.get("x_factor")), _reach(given.get("y_factor")))
            settings["shear_range"] = math.degrees(math.atan(reach))
        case "RandomZoom":
            reach = _reach(given.get("height_factor"))
            if given.get("width_factor") is not None:
                reach = max(reach, _reach(given["width_factor"]))
            settings["zoom_range"] = [1.0 - reach, 1.0 + reach]
        case "RandomFlip":
            mode = str(given.get("mode", ""))
            settings["horizontal_flip"] = "horizontal" in mode
            settings["vertical_flip"] = "vertical" in mode
        case "RandomBrightness" | "RandomContrast":
            settings["brightness_range"] = given.get("factor") or record.name
        case _:
            return
    # One layer that fills otherwise is enough to make another picture.
    filled = given.get("fill_mode")
    if filled is not None and settings.get("fill_mode") in {None, "constant"}:
        settings["fill_mode"] = str(filled)


def _reach(factor: Any) -> float:
    """How far a layer's factor reaches to either side: a number, or a lower and an upper one."""
    values = factor if isinstance(factor, list | tuple) else [factor]
    return max((abs(_number(value)) for value in values), default=0.0)


def _number(value: Any) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and math.isfinite(value) else 0.0


def _value(value: Any) -> str:
    """Write a setting as people would."""
    if isinstance(value, list | tuple):
        return f"({', '.join(_value(one) for one in value[:4])})"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)[:40]
