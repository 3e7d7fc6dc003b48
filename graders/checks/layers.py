"""Compare networks by what their layers compute, however they were written down.

`Dense(10)` followed by `Activation("relu")` is a `Dense(10, activation="relu")`; an input layer, a
`Flatten` and a rescaling layer don't count, because where they stand is a matter of style.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from graders.recording.schema import LayerRecord
from graders.result import LayerRow

# Layers that bring data into form; the network is the same without them.
FORM = {
    "InputLayer",
    "Flatten",
    "Reshape",
    "Squeeze",
    "Rescaling",
    "Identity",
    "ExpandDims",
    "Permute",
    "Cast",
}
# Ways to scale the pixels inside the network, by a factor that isn't recorded.
SCALING = {"TrueDivide", "Divide", "Multiply", "Subtract", "Lambda", "Normalization"}
_ACTIVATIONS = {"ReLU": "relu", "Softmax": "softmax", "LeakyReLU": "leaky_relu", "ELU": "elu"}
_KINDS = {"Dense": "dense", "Conv2D": "conv", "MaxPooling2D": "pool"}
_MISSING = 2.0
_OTHER_KIND = 3.0
# A layer with one wrong setting is nearer to the wanted one than a missing layer.
_SETTING_LIMIT = 1.8
# Names of networks show so many layers, and a layer's settings so much of what isn't a number.
_NAMED = 12
_CHARACTERS = 60
_AXES = 8


@dataclass(frozen=True)
class Part:
    """A layer that computes something, reduced to what matters."""

    kind: str
    label: str
    settings: tuple[tuple[str, Any], ...]
    shape: tuple[int | None, ...] | None = None
    parameters: int = 0

    def get(self, name: str) -> Any:
        """Return a setting, or None."""
        return dict(self.settings).get(name)

    def __str__(self) -> str:
        return f"{self.label} {_settings_text(self)}".strip()


@dataclass(frozen=True)
class Difference:
    """One way in which a network is not the wanted one."""

    kind: str  # kind of the expected layer, or of the extra one
    position: int  # 1-based among the expected layers of its kind; 0 for an extra layer
    setting: str  # name of a setting, "missing" or "extra"
    expected: Any
    found: Any
    is_output: bool = False

    @property
    def key(self) -> tuple[str, int, str, str]:
        """Identify the same mistake made again in a network built on this one."""
        if self.is_output:
            return ("output", 0, self.setting, str(self.found))
        if self.setting == "extra":
            # One layer too many is the same mistake, however wide it is in a wider network.
            return (self.kind, 0, "extra", "")
        return (self.kind, self.position, self.setting, str(self.found))


@dataclass(frozen=True)
class Comparison:
    """A network beside the expected one."""

    rows: list[LayerRow]
    differences: list[Difference]
    cost: float
    expected_parameters: int = 0
    found_parameters: int = 0
    pairs: list[tuple[Part | None, Part | None]] = field(default_factory=list)


def parts_of(layers: Iterable[LayerRecord]) -> list[Part]:
    """Reduce recorded layers to the parts that compute."""
    parts: list[Part] = []
    for layer in layers:
        activation = _pure_activation(layer)
        if activation is not None:
            # A linear one changes nothing; any other completes the layer before it.
            if activation != "linear" and parts and parts[-1].get("activation") == "linear":
                parts[-1] = _with_activation(parts[-1], activation)
            elif activation != "linear":
                parts.append(Part("activation", "Activation", (("activation", activation),)))
        elif layer.type not in FORM and not (layer.type in SCALING and not parts):
            parts.append(_part(layer))
    return parts


def is_random(part: Part) -> bool:
    """Tell a layer that transforms images at random while a network trains."""
    return part.label.startswith("Random")


def is_convolutional(parts: Iterable[Part]) -> bool:
    """Tell whether any layer convolves."""
    return any("conv" in part.kind for part in parts)


def short_name(layers: Iterable[LayerRecord]) -> str:
    """Name a network in a few words: '784-10-10-10' or 'Conv 16, pool, Conv 8, pool, Dense 10'."""
    layers = list(layers)
    parts = parts_of(layers)
    if parts and all(part.kind == "dense" for part in parts):
        widths = "-".join(str(part.get("units")) for part in parts[:_NAMED])
        widths += "-..." if len(parts) > _NAMED else ""
        inputs = flat_inputs(layers)
        return f"{inputs}-{widths}" if inputs else widths
    names = []
    for part in parts[:_NAMED]:
        size = part.get("filters") or part.get("units")
        name = {"conv": "Conv", "pool": "pool", "dense": "Dense"}.get(part.kind, part.label)
        names.append(f"{name} {size}" if size else name)
    return ", ".join(names) + (", ..." if len(parts) > _NAMED else "") or "empty network"


def flat_inputs(layers: list[LayerRecord]) -> int | None:
    """How many numbers one item has, where the network says so."""
    shape = layers[0].output_shape if layers and layers[0].type == "InputLayer" else None
    if not shape or any(size is None for size in shape[1:]):
        return None
    total = 1
    for size in shape[1:]:
        total *= size or 1
    return total


def input_shape(layers: list[LayerRecord]) -> tuple[int | None, ...] | None:
    """Shape of one item as the first convolution or dense layer sees it, without the batch."""
    shape = None
    for layer in layers:
        if layer.type not in FORM | SCALING:
            break
        shape = layer.output_shape or shape
    return tuple(shape[1:]) if shape else None


def compare(expected: list[Part], found: list[Part]) -> Comparison:
    """Align two networks layer by layer, at the least number of differences."""
    pairs = _align(expected, found)
    rows: list[LayerRow] = []
    differences: list[Difference] = []
    cost = 0.0
    positions: dict[str, int] = {}
    last = len(expected) - 1
    taken = 0
    for want, have in pairs:
        position = 0
        if want is not None:
            position = positions[want.kind] = positions.get(want.kind, 0) + 1
        here = _differences(want, have, position, is_output=want is not None and taken == last)
        taken += want is not None
        cost += _cost(want, have)
        differences += here
        rows.append(
            LayerRow(
                expected=str(want) if want else None,
                found=str(have) if have else None,
                expected_shape=_shape_text(want),
                found_shape=_shape_text(have),
                expected_parameters=want.parameters if want else None,
                found_parameters=have.parameters if have else None,
                same=not here,
            )
        )
    return Comparison(
        rows=rows,
        differences=differences,
        cost=cost,
        expected_parameters=sum(part.parameters for part in expected),
        found_parameters=sum(part.parameters for part in found),
        pairs=pairs,
    )


def cost_at_least(expected: list[Part], found: list[Part]) -> float:
    """Return a lower bound of the cost that `compare` finds, without looking at the layers."""
    return _MISSING * abs(len(expected) - len(found))


def describe_difference(difference: Difference) -> str:
    """Say a difference in words, such as 'convolution 2 has 16 filters instead of 8'."""
    name = {"dense": "dense layer", "conv": "convolution", "pool": "max pooling"}.get(
        difference.kind, f"{difference.kind} layer"
    )
    place = f"{name} {difference.position}"
    if difference.setting == "extra":
        return f"there is an extra layer ({difference.found})"
    if difference.setting == "missing":
        return f"{place} ({difference.expected}) is missing"
    if difference.setting == "kind":
        return f"{difference.found} stands in place of {difference.expected}"
    words = {
        "units": "units",
        "filters": "filters",
        "kernel": "kernel size",
        "strides": "strides",
        "pool": "pool size",
        "padding": "padding",
        "activation": "activation",
        "bias": "bias",
        "shape": "output shape",
    }
    setting = words.get(difference.setting, difference.setting)
    want, have = _value(difference.expected), _value(difference.found)
    if difference.setting == "bias":
        return f"{place} has {'no bias' if difference.found is False else 'a bias'}"
    if setting in {"units", "filters"}:
        return f"{place} has {have} {setting} instead of {want}"
    return f"{place} has {setting} {have} instead of {want}"


def _pure_activation(layer: LayerRecord) -> str | None:
    if layer.type == "Activation":
        return _activation(layer.config.get("activation"))
    if layer.type in _ACTIVATIONS:
        return _ACTIVATIONS[layer.type]
    # Functional models may call keras.activations.relu(x) or keras.ops on a tensor.
    lowered = layer.type.lower()
    return lowered if lowered in {"relu", "softmax", "sigmoid", "tanh"} else None


def _part(layer: LayerRecord) -> Part:
    config = layer.config
    kind = _KINDS.get(layer.type, layer.type.lower())
    settings: list[tuple[str, Any]] = []
    if "units" in config:
        settings.append(("units", _plain(config["units"])))
    if "filters" in config:
        settings.append(("filters", _plain(config["filters"])))
    if "kernel_size" in config:
        settings.append(("kernel", _pair(config["kernel_size"])))
    if "pool_size" in config:
        settings.append(("pool", _pair(config["pool_size"])))
    if "strides" in config:
        settings.append(("strides", _pair(config["strides"])))
    if "padding" in config:
        settings.append(("padding", str(config["padding"])[:_CHARACTERS]))
    if _pair(config.get("dilation_rate", 1)) != (1, 1):
        settings.append(("dilation", _pair(config["dilation_rate"])))
    if config.get("groups", 1) != 1:
        settings.append(("groups", _plain(config["groups"])))
    if "rate" in config:
        settings.append(("rate", _plain(config["rate"])))
    if "activation" in config:
        settings.append(("activation", _activation(config["activation"])))
    if config.get("use_bias") is False:
        settings.append(("bias", False))
    shape = tuple(layer.output_shape) if layer.output_shape else None
    return Part(kind, layer.type, tuple(settings), shape, layer.parameters)


def _with_activation(part: Part, activation: str) -> Part:
    settings = tuple(
        (name, activation if name == "activation" else value) for name, value in part.settings
    )
    return replace(part, settings=settings)


def _activation(value: Any) -> str:
    """Name of an activation given as text, function or layer."""
    if value is None:
        return "linear"
    if isinstance(value, dict):
        value = value.get("class", "custom")
    # tf.nn.softmax calls itself softmax_v2, and a ReLU layer re_lu.
    name = re.sub(r"_v\d+$", "", str(value)[:_CHARACTERS].lower())
    return {"re_lu": "relu"}.get(name, name)


def _pair(value: Any) -> tuple[Any, ...]:
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value[:_AXES])
    return (_plain(value), _plain(value))


def _plain(value: Any) -> Any:
    """Keep a number; of anything else a short text, because a config may hold what it likes."""
    if value is None or isinstance(value, int | float):
        return value
    return str(value)[:_CHARACTERS]


def _align(expected: list[Part], found: list[Part]) -> list[tuple[Part | None, Part | None]]:
    """Needleman and Wunsch's alignment (1970), with the costs of `_cost`."""
    rows, columns = len(expected) + 1, len(found) + 1
    table = [[0.0] * columns for _ in range(rows)]
    for i in range(1, rows):
        table[i][0] = table[i - 1][0] + _MISSING
    for j in range(1, columns):
        table[0][j] = table[0][j - 1] + _MISSING
    for i in range(1, rows):
        for j in range(1, columns):
            table[i][j] = min(
                table[i - 1][j - 1] + _cost(expected[i - 1], found[j - 1]),
                table[i - 1][j] + _MISSING,
                table[i][j - 1] + _MISSING,
            )
    pairs: list[tuple[Part | None, Part | None]] = []
    i, j = rows - 1, columns - 1
    while i or j:
        here = table[i][j]
        if i and j and here == table[i - 1][j - 1] + _cost(expected[i - 1], found[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((expected[i], found[j]))
        elif i and here == table[i - 1][j] + _MISSING:
            i -= 1
            pairs.append((expected[i], None))
        else:
            j -= 1
            pairs.append((None, found[j]))
    return pairs[::-1]


def _cost(want: Part | None, have: Part | None) -> float:
    if want is None or have is None:
        return _MISSING
    if want.kind != have.kind:
        return _OTHER_KIND
    return min(float(len(_setting_differences(want, have))), _SETTING_LIMIT)


def _differences(
    want: Part | None, have: Part | None, position: int, *, is_output: bool
) -> list[Difference]:
    if want is None:
        assert have is not None
        return [Difference(have.kind, 0, "extra", None, str(have))]
    if have is None:
        return [Difference(want.kind, position, "missing", str(want), None, is_output)]
    if want.kind != have.kind:
        return [Difference(want.kind, position, "kind", str(want), str(have), is_output)]
    found = [
        Difference(want.kind, position, name, expected, value, is_output)
        for name, expected, value in _setting_differences(want, have)
    ]
    if not found and is_output and want.shape and have.shape:
        # A network may fix the number of items in a batch: that is none of its layers' business.
        shapes = want.shape[1:], have.shape[1:]
        if shapes[0] != shapes[1]:
            found = [Difference(want.kind, position, "shape", *shapes, is_output=True)]
    return found


def _setting_differences(want: Part, have: Part) -> list[tuple[str, Any, Any]]:
    wanted, had = dict(want.settings), dict(have.settings)
    names = [*wanted, *(name for name in had if name not in wanted)]
    return [
        (name, wanted.get(name), had.get(name))
        for name in names
        if wanted.get(name) != had.get(name)
    ]


def _settings_text(part: Part) -> str:
    words = []
    for name, value in part.settings:
        if name in {"units", "filters", "activation"}:
            words.append("" if value == "linear" else str(value))
        elif name in {"kernel", "pool"}:
            words.append("x".join(str(v) for v in value))
        elif name == "strides":
            default = part.get("pool") if part.kind.endswith("pool") else (1, 1)
            words.append("" if value == default else f"stride {'x'.join(str(v) for v in value)}")
        elif name == "padding":
            words.append("" if value == "valid" else f"padding {value}")
        elif name == "bias":
            words.append("without bias")
        else:
            words.append(f"{name} {_value(value)}")
    return " ".join(word for word in words if word)


def _shape_text(part: Part | None) -> str:
    if part is None or part.shape is None:
        return ""
    return " x ".join("?" if size is None else str(size) for size in part.shape[1:])


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if value is False:
        return "off"
    if isinstance(value, tuple):
        return "x".join(str(item) for item in value)
    return str(value)
