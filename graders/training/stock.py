"""Stock objects of Keras as plain data, and back: by name, from an allow-list.

`take` and `from_config` run on the student's side, `make` on the trusted one. What a name stands
for is decided here alone: a request can't bring a module, a function or a file.
"""

from __future__ import annotations

import importlib
import inspect
import math
import sys
from typing import Any, Literal

from graders.describe.networks import snake_case
from graders.training.request import Kind, Metric, Stock, Value


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALLOWED: dict[str, frozenset[str]] = {
    "layers": _names("""
        Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average
        AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional
        CategoryEncoding CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
        Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D Dense
        DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten GRU GRUCell
        GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
        GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
        GroupNormalization Identity LSTM LSTMCell LayerNormalization LeakyReLU
        Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum MultiHeadAttention Multiply
        Normalization PReLU Permute RMSNormalization RNN RandomBrightness RandomColorDegeneration
        RandomColorJitter RandomContrast RandomErasing RandomFlip RandomGaussianBlur
        RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
        RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector
        Rescaling Reshape Resizing SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax
        Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D StackedRNNCells Subtract
        TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
        ZeroPadding2D ZeroPadding3D
        """),
    "initializers": _names("""
        Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform
        Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
        """),
    "regularizers": _names("L1 L2 L1L2 OrthogonalRegularizer"),
    "constraints": _names("MaxNorm MinMaxNorm NonNeg UnitNorm"),
    "losses": _names("""
        BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy
        CategoricalFocalCrossentropy CategoricalHinge CosineSimilarity Hinge Huber KLDivergence
        LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
        MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge
        """),
    "metrics": _names("""
        AUC Accuracy BinaryAccuracy BinaryCrossentropy CategoricalAccuracy CategoricalCrossentropy
        CategoricalHinge CosineSimilarity F1Score FBetaScore FalseNegatives FalsePositives Hinge
        KLDivergence LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
        MeanSquaredLogarithmicError Poisson Precision R2Score Recall RootMeanSquaredError
        SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy
        SquaredHinge TopKCategoricalAccuracy TrueNegatives TruePositives
        """),
    "optimizers": _names("""
        Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion Nadam RMSprop SGD
        """),
    "schedules": _names("""
        CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay
        PolynomialDecay
        """),
    "callbacks": _names("EarlyStopping LearningRateScheduler ReduceLROnPlateau"),
    "generators": _names("ImageDataGenerator"),
}
ACTIVATIONS = _names("""
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
    linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus
    softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
    """)
# Metrics that Keras chooses by the shapes of targets and outputs.
SHAPED_METRICS: dict[str, Literal["accuracy", "crossentropy"]] = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "crossentropy": "crossentropy",
    "ce": "crossentropy",
}
_MODULES = {
    "keras.layers": "layers",
    "keras.initializers": "initializers",
    "keras.regularizers": "regularizers",
    "keras.constraints": "constraints",
    "keras.optimizers.schedules": "schedules",
}
_PATHS = {"schedules": "optimizers.schedules"}
# They name an object or a layer's place in its model, and don't change what it computes.
_LEFT_OUT = {"name", "trainable", "dtype", "batch_shape", "batch_input_shape", "build_config"}
# Settings that a description never has: they bring in names, precisions or values.
_REFUSED = _LEFT_OUT | {"weights", "batch_size", "input_shape", "input_dtype", "autocast"}
# What may stand inside of another object's settings, by the end of the setting's name.
_INSIDE = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "learning_rate": "schedules",
    "activation": "layers",
    "layer": "layers",
    "cell": "layers",
    "cells": "layers",
}
_TEXT = 200


class Inexpressible(Exception):  # noqa: N818 - it says what a request can't, and is no error
    """A training can't be asked for as plain data; the message says what stands in the way."""


class Refused(Exception):  # noqa: N818 - the grading process refuses; the student reads why
    """The trusted side won't carry out a request; the message says why."""


def take(kind: Kind, thing: Any) -> Stock:
    """Describe an instance of a stock class.

    Raises:
        Inexpressible: its class isn't Keras' own, or holds something that isn't data.

    """
    cls = type(thing)
    name = cls.__name__
    if name not in ALLOWED[kind] or stock_class(kind, name) is not cls:
        raise Inexpressible(f"{_WORDS[kind]} {name} is not one of Keras' own that can be repeated")
    try:
        config = thing.get_config()
    except Exception as error:
        raise Inexpressible(f"{_WORDS[kind]} {name} can't describe itself ({error})") from error
    described = from_config(config, thing, name)
    if kind == "layers":
        for part in thing._flatten_layers():
            _check_functions(part)
    elif kind == "optimizers" and config.get("gradient_accumulation_steps"):
        raise Inexpressible("the optimizer gathers gradients over several steps")
    elif kind != "optimizers":
        described |= _untold(thing, config)
    _check_constant(name, described, Inexpressible)
    return Stock(kind=kind, name=name, config=described)


def from_config(config: dict[str, Any], thing: Any = None, name: str = "") -> dict[str, Value]:
    """Turn the result of get_config() into plain values, names left out."""
    _check_precision(config.get("dtype"), name)
    return {
        str(key): _value(value, f"{name}.{key}" if name else str(key), thing)
        for key, value in config.items()
        if key not in _LEFT_OUT
    }


def take_loss(given: Any) -> Stock:
    """Describe a loss as compile() takes it: a name, a function, a class or an instance."""
    import keras

    return _by_name("losses", given, keras.losses)


def take_metric(given: Any) -> Metric:
    """Describe a metric as compile() takes it."""
    import keras

    if isinstance(given, str) and given.lower() in SHAPED_METRICS:
        return SHAPED_METRICS[given.lower()]
    return _by_name("metrics", given, keras.metrics)


def _check_constant(name: str, config: dict[str, Any], problem: type[Exception]) -> None:
    """Assert that no initializer brings weights along: a list of values is no fresh start."""
    if name == "Constant" and not isinstance(config.get("value", 0.0), int | float):
        raise problem("an initializer holds the weights themselves")


def _untold(thing: Any, config: dict[str, Any]) -> dict[str, Value]:
    """Find settings that get_config() leaves out, as Huber's delta in Keras 3.15."""
    found: dict[str, Value] = {}
    # Losses and metrics keep what their function is given; the others have attributes.
    given = getattr(thing, "_fn_kwargs", None)
    for name, parameter in inspect.signature(type(thing)).parameters.items():
        if name in config or name in _LEFT_OUT:
            continue
        if given is not None:
            value = given.get(name, parameter.default)
        elif type(thing).__name__ in ALLOWED["metrics"]:
            continue  # these tell all
        else:
            value = getattr(thing, name, parameter.default)
        if value is not parameter.default and value != parameter.default:
            found[name] = _value(value, name, thing)
    return found


def _check_functions(layer: Any) -> None:
    """Assert that what Keras calls by the name of its own function is that function."""
    import keras

    for key, name in layer.get_config().items():
        if not key.endswith("activation") or not isinstance(name, str):
            continue
        given = getattr(layer, key, None)
        own = [getattr(keras.activations, name, None)]
        if "tensorflow" in sys.modules:
            own.append(getattr(sys.modules["tensorflow"].nn, name, None))
        if given is not None and all(given is not function for function in own):
            raise Inexpressible(f"{key} is a function of the student's own ({name[:40]})")


def make(stock: Stock) -> Any:
    """Make a stock object from its description.

    Raises:
        Refused: the class is not on the allow-list, or doesn't take these settings.

    """
    if stock.name not in ALLOWED[stock.kind]:
        raise Refused(f"{_WORDS[stock.kind]} {stock.name} is not on the list of what is trained")
    _check_constant(stock.name, stock.config, Refused)
    settings = {key: _made(key, value) for key, value in stock.config.items()}
    cls = stock_class(stock.kind, stock.name)
    try:
        made = cls(**settings)
        known = {*inspect.signature(cls).parameters, *getattr(made, "get_config", dict)()}
    except MemoryError:
        raise
    except Exception as error:
        # Keras raises anything where a setting is not what it expects.
        raise Refused(
            f"{_WORDS[stock.kind]} {stock.name} can't be made: {str(error)[:200]}"
        ) from error
    foreign = sorted((settings.keys() - known) | (settings.keys() & _REFUSED))
    if foreign:
        raise Refused(f"{_WORDS[stock.kind]} {stock.name} has no setting {foreign[0][:40]}")
    return made


def stock_class(kind: str, name: str) -> Any:
    """Look a class up in Keras; None where it has none by that name."""
    import keras

    if kind == "generators":
        # Public under tf.keras alone, whatever the backend.
        return getattr(importlib.import_module("keras.src.legacy.preprocessing.image"), name, None)
    place: Any = keras
    for part in _PATHS.get(kind, kind).split("."):
        place = getattr(place, part)
    return getattr(place, name, None)


def _made(key: str, value: Any) -> Any:
    if key in _REFUSED:
        raise Refused(f"{key[:40]} is no setting of a request")
    if isinstance(value, Stock):
        kind = next((kind for end, kind in _INSIDE.items() if key.endswith(end)), None)
        if value.kind != kind:
            raise Refused(f"{key[:40]} can't be {_WORDS[value.kind]} {value.name}")
        return make(value)
    if isinstance(value, list):
        return [_made(key, item) for item in value]
    if isinstance(value, str) and key.endswith("activation") and value not in ACTIVATIONS:
        raise Refused(f"the activation {value[:40]} is not one of Keras' own")
    if isinstance(value, str) and key.endswith(tuple(_INSIDE)) and not key.endswith("activation"):
        raise Refused(f"{key[:40]} must be described by its class")
    return value


def _value(value: Any, key: str, thing: Any) -> Value:
    if value is None or isinstance(value, bool | int | str):
        if isinstance(value, str) and len(value) > _TEXT:
            raise Inexpressible(f"{key} is a long text")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Inexpressible(f"{key} is not a finite number")
        return value
    if isinstance(value, list | tuple):
        return [_value(item, key, thing) for item in value]
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return _serialized(value, key, thing)
    if type(value).__module__.startswith("numpy") or hasattr(value, "numpy"):
        import numpy as np

        array = np.asarray(value)
        if array.dtype.kind in "biuf" and array.size <= 10_000:
            return _value(array.tolist(), key, thing)
    raise Inexpressible(f"{key} is not plain data ({type(value).__name__})")


def _serialized(value: dict[str, Any], key: str, thing: Any) -> Value:
    """Describe an object that Keras has serialized inside of another's settings."""
    name, config = str(value["class_name"]), value["config"]
    if name == "function":
        return _activation(str(config), key, thing)
    kind = _MODULES.get(str(value.get("module")))
    if kind is None or value.get("registered_name") not in {None, name}:
        raise Inexpressible(f"{key} holds {name}, which is not one of Keras' own")
    if name not in ALLOWED[kind] or not isinstance(config, dict):
        raise Inexpressible(f"{key} holds {name}, which can't be repeated")
    described = from_config(config, None, name)
    _check_constant(name, described, Inexpressible)
    return Stock(kind=kind, name=name, config=described)  # type: ignore[arg-type]


def _activation(name: str, key: str, thing: Any) -> str:
    """TensorFlow's own softmax comes under another name; other functions are the student's."""
    tensorflow = sys.modules.get("tensorflow")
    given = getattr(thing, key.rpartition(".")[2], None)
    if name == "softmax_v2" and tensorflow is not None and given is tensorflow.nn.softmax:
        return "softmax"
    raise Inexpressible(f"{key} is a function of the student's own ({name[:40]})")


def _by_name(kind: Kind, given: Any, home: Any) -> Stock:
    if isinstance(given, str):
        try:
            given = home.get(given)
        except ValueError as error:
            raise Inexpressible(f"{given[:40]!r} is unknown to Keras") from error
    if isinstance(given, type):
        try:
            given = given()
        except TypeError as error:
            raise Inexpressible(f"{given.__name__} can't be made without settings") from error
    if not callable(given) or hasattr(given, "get_config"):
        return take(kind, given)
    # A function of Keras stands for the class of the same name with its default settings.
    name = getattr(given, "__name__", "")
    for candidate in ALLOWED[kind]:
        if snake_case(candidate) == name and getattr(home, name, None) is given:
            return take(kind, stock_class(kind, candidate)())
    raise Inexpressible(f"{_WORDS[kind]} is a function of the student's own ({name[:40]})")


def _check_precision(dtype: Any, name: str) -> None:
    if isinstance(dtype, dict):
        config = dtype.get("config")
        dtype = config.get("name") if isinstance(config, dict) else None
    if dtype not in {None, "float32"}:
        raise Inexpressible(f"{name or 'it'} computes in {dtype or 'another precision'}")


_WORDS = {
    "layers": "the layer",
    "initializers": "the initializer",
    "regularizers": "the regularizer",
    "constraints": "the constraint",
    "losses": "the loss",
    "metrics": "the metric",
    "optimizers": "the optimizer",
    "schedules": "the schedule",
    "callbacks": "the callback",
    "generators": "the generator",
}
