"""A training request as plain data, checked by the side that will carry it out.

The runner, which isn't trusted, describes a call of `fit` in these terms; the grading process
validates them, bounds them and gives them a fingerprint. Nothing in a request names a module, a
file or a piece of code: stock classes come from an allow-list, arrays by their content.

The models hold no names of layers, variables, metrics or outputs, so requests that differ in
names alone are equal.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    model_validator,
)

# Part of every fingerprint: raise it when the trainer changes what a request means, or what it
# keeps of a training.
VERSION = 2

# A request that is larger than any network of a course; what is longer is refused unread.
REQUEST_BYTES = 4_000_000
_DEPTH = 8
_TEXT = 200
# No size, count or seed of a course's network is larger.
_WHOLE = 2**31

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(max_length=_TEXT)]
Whole = Annotated[int, Field(ge=-_WHOLE, le=_WHOLE)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1, le=10_000_000)]

Kind = Literal[
    "layers",
    "initializers",
    "regularizers",
    "constraints",
    "losses",
    "metrics",
    "optimizers",
    "schedules",
    "callbacks",
    "generators",
]


def _value(value: Any, depth: int = 0) -> Any:
    """Check one setting. By hand, since pydantic tells of every member of a union that fails."""
    if depth > _DEPTH:
        raise ValueError("it is nested too deeply")
    if isinstance(value, dict):
        return Stock.model_validate(value)
    if isinstance(value, list):
        return [_value(item, depth + 1) for item in value]
    if isinstance(value, str) and len(value) > _TEXT:
        raise ValueError("a text is too long")
    if isinstance(value, int) and abs(value) > _WHOLE:
        raise ValueError("a number is too large")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    if value is None or isinstance(value, bool | int | float | str | Stock):
        return value
    raise ValueError("it is not plain data")


def _argument(value: Any, depth: int = 0) -> Any:
    """Check what a layer is called with: settings, or outputs of calls before it."""
    if isinstance(value, Reference):
        return value
    if isinstance(value, dict) and value.keys() <= Reference.model_fields.keys():
        return Reference.model_validate(value)
    if isinstance(value, list) and depth <= _DEPTH:
        return [_argument(item, depth + 1) for item in value]
    return _value(value, depth)


# None, a truth value, a number, a text, a Stock, or a list of these.
Value = Annotated[Any, PlainValidator(_value)]
# A Value, a Reference, or a list of these.
Argument = Annotated[Any, PlainValidator(_argument)]


class Part(BaseModel):
    """Base of all parts of a request: unknown fields and sloppy types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Stock(Part):
    """A stock object of Keras: its class, by kind and name, and its settings."""

    kind: Kind
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{1,60}$")]
    config: dict[Text, Value] = Field(default_factory=dict, max_length=100)


def _of_kind(kind: Kind) -> AfterValidator:
    def check(stock: Stock) -> Stock:
        if stock.kind != kind:
            raise ValueError(f"{stock.name} is none of Keras' {kind}")
        return stock

    return AfterValidator(check)


class Array(Part):
    """An array by its content: SHA-256 of its float32 values in C order, and its shape."""

    digest: Digest
    shape: list[Annotated[int, Field(ge=0, le=2**31)]] = Field(max_length=8)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


class Reference(Part):
    """The output of a call, or an input of the network."""

    call: Annotated[int, Field(ge=0)] | None = None
    output: Annotated[int, Field(ge=0)] = 0
    input: Annotated[int, Field(ge=0)] | None = None


class Input(Part):
    """An input of a network: the shape of one item, None where it is free."""

    shape: list[Size | None] = Field(max_length=8)
    dtype: Literal["float32", "float16", "float64", "int32", "int64", "uint8", "bool"] = "float32"


class Layer(Part):
    """A stock layer, and where each of its weights starts."""

    stock: Annotated[Stock, _of_kind("layers")]
    trainable: bool = True
    # One for each weight: None is fresh from its initializer, else the content.
    weights: list[Array | None] = Field(default_factory=list, max_length=2000)


class Call(Part):
    """One call of a layer; a shared layer has several."""

    layer: Annotated[int, Field(ge=0)]
    args: list[Argument] = Field(max_length=50)
    kwargs: dict[Text, Argument] = Field(default_factory=dict, max_length=20)


class Network(Part):
    """A network as a graph, in the order of a walk from its outputs."""

    inputs: list[Input] = Field(min_length=1, max_length=50)
    layers: list[Layer] = Field(max_length=3000)
    calls: list[Call] = Field(max_length=5000)
    outputs: list[Reference] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _connected(self) -> Self:
        for position, call in enumerate(self.calls):
            if call.layer >= len(self.layers):
                raise ValueError(f"call {position} names layer {call.layer}, which isn't there")
            for reference in _references([*call.args, *call.kwargs.values()]):
                self._check(reference, position)
        for reference in self.outputs:
            self._check(reference, len(self.calls))
        return self

    def _check(self, reference: Reference, before: int) -> None:
        if (reference.call is None) == (reference.input is None):
            raise ValueError("a reference must name a call or an input")
        if reference.call is not None and reference.call >= before:
            raise ValueError("a call can only use earlier calls")
        if reference.input is not None and reference.input >= len(self.inputs):
            raise ValueError(f"input {reference.input} isn't there")


class OptimizerState(Part):
    """An optimizer that has made steps before: their number, and its slots by content."""

    iterations: Annotated[int, Field(ge=1, le=2**40)]
    slots: list[Array] = Field(max_length=6000)


# Some metrics are chosen by the shapes of targets and outputs: they have a name only.
Metric = Annotated[Stock, _of_kind("metrics")] | Literal["accuracy", "crossentropy"]


class Compiled(Part):
    """What compile() was given; the lists have one item for each output."""

    optimizer: Annotated[Stock, _of_kind("optimizers")]
    state: OptimizerState | None = None
    losses: list[Annotated[Stock, _of_kind("losses")] | None] = Field(min_length=1, max_length=50)
    loss_weights: list[Finite | None] | None = None
    metrics: list[list[Metric]] = Field(default_factory=list, max_length=50)
    weighted_metrics: list[list[Metric]] = Field(default_factory=list, max_length=50)


class Flow(Part):
    """Batches that an image generator draws from the items, each time transformed anew."""

    generator: Annotated[Stock, _of_kind("generators")]
    shuffle: bool = True
    seed: Annotated[int, Field(ge=0, lt=_WHOLE)] | None = None


class Data(Part):
    """Inputs, targets and weights of the items."""

    x: list[Array] = Field(min_length=1, max_length=50)
    y: list[Array] = Field(min_length=1, max_length=50)
    weights: list[Array] = Field(default_factory=list, max_length=50)
    # None: the items themselves.
    flow: Flow | None = None

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if any(not array.shape or not array.size for array in self.arrays):
            raise ValueError("there are no items")
        if len({array.shape[0] for array in self.arrays}) != 1:
            raise ValueError("inputs, targets and weights have different numbers of items")
        if self.flow is not None and (len(self.x), len(self.y), self.weights) != (1, 1, []):
            raise ValueError("an image generator draws from one array of images with labels")
        return self

    @property
    def items(self) -> int:
        """Number of items."""
        return self.x[0].shape[0]

    @property
    def arrays(self) -> list[Array]:
        """All arrays."""
        return [*self.x, *self.y, *self.weights]


class Fit(Part):
    """What fit() was given, beside the data."""

    epochs: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    initial_epoch: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    batch_size: Size = 32
    shuffle: bool = True
    steps_per_epoch: Size | None = None
    validation_split: Annotated[float, Field(ge=0, lt=1)] = 0.0
    validation_steps: Size | None = None
    validation_batch_size: Size | None = None
    validation_freq: Size | list[Size] = 1
    class_weight: list[tuple[Whole, Finite]] = Field(default_factory=list, max_length=10_000)
    callbacks: list[Annotated[Stock, _of_kind("callbacks")]] = Field(
        default_factory=list, max_length=20
    )

    def steps(self, items: int) -> int:
        """Batches of one epoch over so many items, a validation split included."""
        trained = round(items * (1 - self.validation_split))
        return self.steps_per_epoch or math.ceil(trained / self.batch_size)


class Request(Part):
    """One training: a network, how it is compiled, and what fit() was given."""

    network: Network
    compiled: Compiled
    data: Data
    validation: Data | None = None
    fit: Fit

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.data.flow is not None and self.fit.validation_split:
            raise ValueError("batches of a generator can't be split for validation")
        if self.validation is not None and self.validation.flow is not None:
            raise ValueError("validation data come from a generator")
        outputs, given = len(self.network.outputs), self.compiled
        if len(given.losses) != outputs or any(
            rows and len(rows) != outputs
            for rows in (given.metrics, given.weighted_metrics, given.loss_weights)
        ):
            raise ValueError("losses and metrics don't fit the outputs")
        check_sizes(self.arrays)
        return self

    def steps(self, items: int) -> int:
        """Batches of one epoch over so many items.

        An image generator ends an epoch when it has gone through its items, however many steps
        were asked for: Keras 3 warns that the input ran out of data, and stops.
        """
        steps = self.fit.steps(items)
        if self.data.flow is None:
            return steps
        return min(steps, math.ceil(items / self.fit.batch_size))

    @property
    def start(self) -> list[Array]:
        """Arrays that the training starts from: weights and optimizer slots that aren't fresh."""
        weights = [w for layer in self.network.layers for w in layer.weights if w is not None]
        return weights + (self.compiled.state.slots if self.compiled.state else [])

    @property
    def arrays(self) -> list[Array]:
        """Every array that the training needs."""
        validation = self.validation.arrays if self.validation else []
        return [*self.data.arrays, *validation, *self.start]


def check_sizes(arrays: Iterable[Array]) -> None:
    """Assert that each content has one size.

    Raises:
        ValueError: one is announced in two.

    """
    sizes: dict[str, int] = {}
    for array in arrays:
        if sizes.setdefault(array.digest, array.size) != array.size:
            raise ValueError("one content is announced in two sizes")


class Cap(Part):
    """Bounds of a quick training, for `--training capped`."""

    epochs: Annotated[int, Field(ge=1)]
    samples: Annotated[int, Field(ge=1)]

    def applied(self, fit: Fit, items: int) -> tuple[Fit, int]:
        """Return the bounded settings, and how many of the items are used."""
        epochs = min(fit.epochs, fit.initial_epoch + self.epochs)
        return fit.model_copy(update={"epochs": epochs}), min(items, self.samples)


class Setting(Part):
    """Under which circumstances a training gives the same bits again."""

    versions: dict[str, str]
    backend: str = "tensorflow"
    device: str = "cpu"
    threads: int = 1
    cap: Cap | None = None
    # Fingerprints of the data sets that a trained network is measured on.
    data: list[str] = Field(default_factory=list)


def fingerprint(request: Request, setting: Setting, repetition: int = 0, draw: int = 0) -> str:
    """Name a training: equal for equal trainings, 64 hexadecimal digits.

    Args:
        request: what is trained.
        setting: under which circumstances.
        repetition: how often the same submission has asked for the same before. Who repeats a
            training wants to see how much its result varies.
        draw: which seed is drawn; 0 is the one that counts first. Only the grader draws others.

    """
    fit, items = request.fit, None
    if setting.cap is not None:
        fit, items = setting.cap.applied(fit, request.data.items)
    described = request.model_copy(update={"fit": fit}).model_dump()
    for data in (described["data"], described["validation"]):
        # Without a generator nothing is said of one: stores from before know these trainings.
        if data is not None and data["flow"] is None:
            del data["flow"]
    content = {
        "version": VERSION,
        "request": described,
        "items": items,
        "repetition": repetition,
        "setting": setting.model_dump(exclude={"cap"}),
    }
    if draw:
        content["draw"] = draw
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def seed_of(fingerprint: str) -> int:
    """Draw the seed of a training from its fingerprint, 0 to 2**31 - 1."""
    return int(fingerprint[:8], 16) & 0x7FFFFFFF


def canonical(value: Any) -> str:
    """Write a value as JSON in one form only: keys sorted, 1 and 1.0 the same number."""
    return json.dumps(_uniform(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _uniform(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        number = float(value)
        # JSON keeps -0.0, which trains as 0.0 does.
        return number + 0.0 if number == value else str(value)
    if isinstance(value, dict):
        return {str(key): _uniform(item) for key, item in value.items()}
    return [_uniform(item) for item in value]


def _references(values: list[Any]) -> list[Reference]:
    found: list[Reference] = []
    for value in values:
        if isinstance(value, Reference):
            found.append(value)
        elif isinstance(value, list):
            found.extend(_references(value))
    return found
