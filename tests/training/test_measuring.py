"""Networks that were trained elsewhere, measured as the trainer's process does: real Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from graders.describe.arrays import DataWatcher
from graders.describe.origin import KnownData
from graders.errors import TrainingError
from graders.recording.schema import Origin
from graders.training.entry import Finding
from graders.training.measuring import (
    DescribedNetwork,
    Form,
    Measuring,
    form_of,
    measure_network,
    measuring_of,
)
from graders.training.stock import Inexpressible, Refused
from graders.training.work import Bounds
from tests.builders.trainings import X, Y, arrays_of, asked_to_measure

# TensorFlow's arrays don't know NumPy 2 yet.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TEST, LABELS = np.rint(20 * X[:50]), Y[:50]
FORM = Form(data_set="drawn", scale=0.25, offset=-1.0, shape=[6])


def scaled(scale: float) -> Origin:
    return Origin(data_set="drawn", split="train", order="first", items=9, scale=scale, offset=None)


def known() -> DataWatcher:
    return DataWatcher([KnownData.of("drawn", ((X, Y), (TEST, LABELS)))])


def network(inputs: int = 6, **output: Any) -> Any:
    import keras

    dense = keras.layers.Dense
    first = [keras.Input((inputs,)), keras.layers.BatchNormalization(), dense(5, "relu")]
    return keras.Sequential([*first, dense(3, **output)])


def measured(described: DescribedNetwork, bounds: Bounds | None = None) -> Finding:
    """Measure in this process, by way of the request's JSON."""
    request = Measuring.model_validate_json(described.request.model_dump_json())
    arrays = arrays_of(described)
    return measure_network(request, arrays, known(), bounds or Bounds())


@pytest.mark.training
def test_the_accuracy_is_that_of_the_network_on_our_test_items() -> None:
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(0.25 * 20 * X - 1, Y, epochs=3, verbose=0)
    expected = model.predict(0.25 * TEST - 1, verbose=0).argmax(axis=1)
    found = measured(measuring_of(model, FORM))
    assert found.predictions.tolist() == expected.tolist()
    assert found.network.measured == {"test_accuracy": np.mean(expected == LABELS)}
    assert found.network.network.parameters == model.count_params()
    assert Finding.from_files(found.to_files()).network == found.network


@pytest.mark.training
def test_a_network_that_is_called_in_another_way_is_not_measured() -> None:
    model = network()
    model.call = lambda *_, **__: None
    with pytest.raises(Inexpressible, match="the student's own"):
        measuring_of(model, FORM)


@pytest.mark.training
@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"inputs": 7}, "don't fit"),
        ({"units": 1}, "no classifier"),
        ({"units": 300}, "no classifier"),
    ],
    ids=str,
)
def test_a_network_that_does_not_classify_our_items_is_refused(
    model: dict[str, int], said: str
) -> None:
    import keras

    layers = [keras.Input((model.get("inputs", 6),)), keras.layers.Dense(model.get("units", 3))]
    with pytest.raises(Refused, match=said):
        measured(measuring_of(keras.Sequential(layers), FORM))


@pytest.mark.training
def test_weights_of_another_network_are_refused() -> None:
    described, other = measuring_of(network(), FORM), measuring_of(network(8), FORM)
    layers = other.request.network.layers
    mixed = described.request.network.model_copy(update={"layers": layers})
    with pytest.raises(Refused, match="another network's"):
        measured(DescribedNetwork(Measuring(network=mixed, form=FORM), other.arrays))


@pytest.mark.training
@pytest.mark.parametrize(
    ("bounds", "said"),
    [(Bounds(parameters=50), "50 parameters"), (Bounds(operations=100), "multiplications")],
)
def test_bounds_are_kept_with_a_sentence(bounds: Bounds, said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        measured(measuring_of(network(), FORM), bounds)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"data_set": "elsewhere", "shape": [6]}, "none of this assignment's"),
        ({"shape": [7]}, "another size"),
        ({"shape": [10_000_000]}, "another size"),
    ],
    ids=str,
)
def test_only_the_data_sets_own_items_are_looked_at(form: dict[str, Any], said: str) -> None:
    request = Measuring.model_validate(asked_to_measure(**form))
    with pytest.raises(Refused, match=said):
        measure_network(request, {}, known(), Bounds())


def test_items_that_are_scaled_beyond_reason_have_no_form() -> None:
    assert form_of(scaled(0.5), [6]) == FORM.model_copy(update={"scale": 0.5, "offset": 0.0})
    with pytest.raises(Inexpressible, match="scale"):
        form_of(scaled(1e9), [6])


def test_the_form_says_how_the_pixels_were_laid_out() -> None:
    origin = scaled(0.5).model_copy(update={"layout": "transposed"})
    assert form_of(origin, [6]).layout == "transposed"


def test_scrambled_test_images_do_not_say_what_the_network_was_trained_on() -> None:
    origin = scaled(0.5).model_copy(update={"layout": "scrambled"})
    assert form_of(origin, [6]).layout == "scrambled"
    with pytest.raises(Inexpressible, match="training images"):
        form_of(origin.model_copy(update={"split": "test"}), [6])


@pytest.mark.training
def test_items_that_are_no_images_can_not_be_transposed() -> None:
    with pytest.raises(Refused, match="don't fit"):
        measured(measuring_of(network(), FORM.model_copy(update={"layout": "transposed"})))


def test_a_layout_of_ones_own_is_no_form() -> None:
    with pytest.raises(ValidationError):
        Form.model_validate(FORM.model_dump() | {"layout": "by label"})
