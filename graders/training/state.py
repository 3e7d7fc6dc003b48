"""The state of a training: weights and optimizer slots, in an order that names don't decide.

Both sides read and write states through these functions, so that the arrays of one fit the
network of the other.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import scan, single_precision
from graders.training.request import Array
from graders.training.stock import Inexpressible

# Whole numbers up to here are the same as float32.
_EXACT = 2**24


@dataclass
class State:
    """Weights in the order of the layers; steps made, slots and rate of the optimizer."""

    weights: list[NDArray[Any]]
    slots: list[NDArray[Any]]
    iterations: int
    learning_rate: float | None

    def to_bytes(self) -> bytes:
        """Write the state as one file that needs no pickle to be read."""
        stream = io.BytesIO()
        rate = np.float64("nan") if self.learning_rate is None else self.learning_rate
        arrays: dict[str, Any] = {f"w{k}": array for k, array in enumerate(self.weights)}
        arrays |= {f"s{k}": array for k, array in enumerate(self.slots)}
        arrays |= {"iterations": np.int64(self.iterations), "learning_rate": np.float64(rate)}
        np.savez(stream, **arrays)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> State:
        """Read what `to_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            rate = float(file["learning_rate"])
            return cls(
                weights=_numbered(file, "w"),
                slots=_numbered(file, "s"),
                iterations=int(file["iterations"]),
                learning_rate=None if np.isnan(rate) else rate,
            )


def weights_of(layers: list[Any]) -> list[Any]:
    """All variables of the layers that a training starts from and leaves behind."""
    return [variable for layer in layers for variable in layer.weights]


def read_state(model: Any, layers: list[Any]) -> State:
    """Read the state of a trained model."""
    optimizer = model.optimizer
    return State(
        weights=[as_numpy(variable) for variable in weights_of(layers)],
        slots=[as_numpy(slot) for slot in slots_of(optimizer, layers)],
        iterations=int(optimizer.iterations),
        learning_rate=_rate(optimizer),
    )


def write_state(model: Any, layers: list[Any], state: State) -> None:
    """Bring a model into a state.

    Raises:
        ValueError: the state is another network's.

    """
    write_weights(layers, state.weights)
    write_optimizer(model, layers, state.slots, state.iterations)
    if state.learning_rate is not None and _rate(model.optimizer) is not None:
        model.optimizer.learning_rate = state.learning_rate


def write_weights(layers: list[Any], values: Sequence[NDArray[Any] | None]) -> None:
    """Give layers their weights; None leaves one as its initializer made it.

    Raises:
        ValueError: the weights are another network's.

    """
    _assign(weights_of(layers), values)
    for layer in layers:
        if hasattr(layer, "finalize_state"):  # Normalization keeps what it derives from weights
            layer.finalize_state()


def write_optimizer(
    model: Any, layers: list[Any], slots: list[NDArray[Any]], iterations: int
) -> None:
    """Bring a model's optimizer into a state."""
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    _assign(slots_of(optimizer, layers), slots)
    optimizer.iterations.assign(iterations)


def slots_of(optimizer: Any, layers: list[Any]) -> list[Any]:
    """List an optimizer's variables: by kind, and in each kind by the weight they belong to.

    What it keeps of weights that were frozen since it was built is left out: it stays as it is.

    Raises:
        Inexpressible: it holds variables that belong to other weights, or none for a weight that
            is trained.

    """
    if not optimizer.built:
        return []
    place = {id(variable): k for k, variable in enumerate(weights_of(layers))}
    built = list(optimizer._trainable_variables)
    if any(id(variable) not in place for variable in built):
        raise Inexpressible("the optimizer was used for another network before")
    trained = {id(variable) for layer in layers for variable in layer.trainable_variables}
    if trained - {id(variable) for variable in built}:
        # Keras refuses to train so, in words of its own.
        raise Inexpressible("the optimizer was built when fewer weights were to be trained")
    order = sorted(range(len(built)), key=lambda k: place[id(built[k])])
    own = {id(variable) for variable in optimizer.variables}
    own -= {id(optimizer.iterations), id(getattr(optimizer, "_learning_rate", None))}
    slots: list[Any] = []
    for name in sorted(vars(optimizer)):
        value = vars(optimizer)[name]
        if isinstance(value, list) and built and len(value) == len(built):
            if all(id(item) in own for item in value):
                slots.extend(value[k] for k in order if id(built[k]) in trained)
                own -= {id(value[k]) for k in order if id(built[k]) not in trained}
        elif id(value) in own:
            slots.append(value)
    if {id(slot) for slot in slots} != own:
        raise Inexpressible("the optimizer keeps variables of an unknown kind")
    return slots


def canonical_array(value: NDArray[Any]) -> NDArray[np.float32]:
    """Return the values as Keras trains on them.

    Raises:
        Inexpressible: see `check_numbers`.

    """
    check_numbers(value)
    return single_precision(value)


def check_numbers(value: NDArray[Any]) -> None:
    """Assert that the values are numbers that float32 can hold as well as Keras' own arrays.

    Raises:
        Inexpressible: whole numbers too large for that, or no numbers at all.

    """
    if value.dtype.kind not in "biuf":
        raise Inexpressible(f"the data hold {value.dtype}, which are not numbers")
    if value.dtype.kind in "iu" and value.dtype.itemsize > 2 and value.size:  # noqa: SIM102
        if max(abs(int(value.min())), abs(int(value.max()))) > _EXACT:
            raise Inexpressible("the data hold whole numbers above 16,777,216")


def describe_array(value: NDArray[Any]) -> Array:
    """Name an array by its content."""
    check_numbers(value)
    return Array(digest=scan(value).digest, shape=list(value.shape))


def digest(array: NDArray[Any]) -> str:
    """Name a canonical array's values."""
    return scan(array).digest


def as_numpy(variable: Any) -> NDArray[Any]:
    """Copy a Keras variable's value."""
    from keras import ops

    return np.array(ops.convert_to_numpy(variable))


def _assign(variables: list[Any], values: Sequence[NDArray[Any] | None]) -> None:
    given = [(v, value) for v, value in zip(variables, values, strict=True) if value is not None]
    if any(tuple(variable.shape) != value.shape for variable, value in given):
        raise ValueError("the state has other shapes than the network")
    for variable, value in given:
        variable.assign(value)


def _rate(optimizer: Any) -> float | None:
    """The rate as it stands; None where a schedule decides."""
    rate: Any = getattr(optimizer, "_learning_rate", None)
    return float(rate) if hasattr(rate, "assign") else None


def _numbered(file: Any, letter: str) -> list[NDArray[Any]]:
    count = sum(name.startswith(letter) and name[1:].isdigit() for name in file.files)
    return [file[f"{letter}{k}"] for k in range(count)]
