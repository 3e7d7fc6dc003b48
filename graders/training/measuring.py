"""Measure a network that was trained in the student's process: ask for it, and carry it out.

Such a training can't be repeated, but the network that it left can be: by its description, with
every weight by its content. The inputs are never the student's. They are our own test images, and
all that is said of them is a factor, a constant, a shape and one of a few layouts; so none of them
can carry its label.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Self

from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from graders.describe.arrays import DataWatcher
from graders.describe.measure import is_scrambled_test, measure
from graders.describe.networks import count_parameters, describe_layers
from graders.errors import TrainingError
from graders.recording.schema import Layout, Origin
from graders.training.describe import reason_of
from graders.training.entry import Finding, MeasuredNetwork, NetworkFacts
from graders.training.graph import build, describe_graph
from graders.training.request import Array, Network, Part, Size, Text, check_sizes
from graders.training.state import as_numpy, describe_array
from graders.training.stock import Inexpressible, Refused
from graders.training.work import Arrays, Bounds, load_weights

# Pixels have at most three digits; nobody brings them to anything larger.
_LARGEST = 1e6
_ITEM = 10_000_000

Moderate = Annotated[float, Field(allow_inf_nan=False, ge=-_LARGEST, le=_LARGEST)]


class Form(Part):
    """How test images were brought to a network: scale * pixel + offset, laid out so."""

    data_set: Text
    scale: Moderate
    offset: Moderate
    shape: list[Size] = Field(min_length=1, max_length=8)
    layout: Layout = "in place"

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if math.prod(self.shape) > _ITEM:
            raise ValueError("an item is too large")
        return self


class Measuring(Part):
    """A request to measure: a network with all its weights, and the form of its inputs."""

    network: Network
    form: Form

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if any(weight is None for layer in self.network.layers for weight in layer.weights):
            raise ValueError("a weight is not given")
        if len(self.network.inputs) != 1 or len(self.network.outputs) != 1:
            raise ValueError("it has several inputs or outputs")
        check_sizes(self.arrays)
        return self

    @property
    def arrays(self) -> list[Array]:
        """Every weight of the network."""
        given = [weight for layer in self.network.layers for weight in layer.weights]
        return [weight for weight in given if weight is not None]


@dataclass
class DescribedNetwork:
    """A request to measure, and the arrays that it names."""

    request: Measuring
    arrays: dict[str, NDArray[Any]]


def form_of(origin: Origin, shape: list[int]) -> Form:
    """Say how test images have to be brought to a network that was trained on such items.

    Args:
        origin: where its items came from, found by their values.
        shape: of one item.

    Raises:
        Inexpressible: they are scaled beyond reason, or only the test images are known to be
            scrambled.

    """
    if is_scrambled_test(origin):
        raise Inexpressible("it can't be told how the training images were prepared")
    scale = 1.0 if origin.scale is None else origin.scale
    offset = origin.offset or 0.0
    try:
        return Form(
            data_set=origin.data_set,
            scale=scale,
            offset=offset,
            shape=shape,
            layout=origin.layout,
        )
    except ValidationError as error:
        raise reason_of(error) from error


def measuring_of(
    model: Any, form: Form, describe: Callable[[NDArray[Any]], Array] = describe_array
) -> DescribedNetwork:
    """Describe a network as it stands, on the student's side.

    Args:
        model: a built keras.Model.
        form: how the test images have to be brought to it.
        describe: names an array by its content.

    Raises:
        Inexpressible: it can't be said as plain data.

    """
    if "call" in vars(model):
        raise Inexpressible("call of the network is the student's own")
    try:
        graph = describe_graph(model)
    except Inexpressible:
        raise
    except Exception as error:
        # A student's class may break any look at it; its training is to be recorded all the same.
        raise Inexpressible(f"it can't be described ({type(error).__name__})") from error
    arrays: dict[str, NDArray[Any]] = {}

    def given(variable: Any) -> Array:
        value = as_numpy(variable)
        described = describe(value)
        arrays[described.digest] = value
        return described

    weights = [[given(variable) for variable in layer.weights] for layer in graph.layers]
    try:
        return DescribedNetwork(Measuring(network=graph.network(weights), form=form), arrays)
    except ValidationError as error:
        raise reason_of(error) from error


def measure_network(asked: Measuring, arrays: Arrays, data: DataWatcher, bounds: Bounds) -> Finding:
    """Build a network from its description, and let it classify our test images.

    Args:
        asked: what to measure.
        arrays: its weights by digest, as they were read and hashed here.
        data: knows the data sets.
        bounds: how large it may be.

    Raises:
        Refused: it is no classifier of these test images.
        TrainingError: it asks for more than the bounds allow.

    """
    form = asked.form
    known = next((one for one in data.known if one.name == form.data_set), None)
    if known is None:
        raise Refused("the data set is none of this assignment's")
    test = known.splits["test"]
    if math.prod(form.shape) != test.images[0].size:
        raise Refused("the data set's items have another size")
    built = build(asked.network, bounds.parameters)
    operations = built.operations * len(test.labels)
    if bounds.operations_before + operations > bounds.operations:
        raise TrainingError.too_much_work(bounds.operations_before + operations, bounds.operations)
    load_weights(built.layers, asked.network, arrays)
    origin = Origin(
        data_set=known.name,
        split="test",
        order="first",
        items=len(test.labels),
        scale=form.scale,
        offset=form.offset,
        layout=form.layout,
    )
    try:
        found = measure(built.model, (known, origin, form.shape))
    except MemoryError:
        raise
    except Exception as error:
        # Keras and its backends raise anything where images don't fit a network.
        raise Refused(f"test images and network don't fit: {str(error)[:200]}") from error
    if found is None:
        raise Refused("the network is no classifier of single items")
    layers, chain = describe_layers(built.model)
    total, trainable = count_parameters(built.model)
    facts = NetworkFacts(layers=layers, chain=chain, parameters=total, trainable=trainable)
    network = MeasuredNetwork(network=facts, measured=found.scores, operations=operations)
    return Finding(network, found.classes)
