"""How students differ: the choices that one makes, drawn with weights as in a real class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeVar

Choice = TypeVar("Choice")


class Names(NamedTuple):
    """What a student calls the arrays: as loaded, flattened, and as images for the CNN."""

    x_train: str
    y_train: str
    x_test: str
    y_test: str
    flat_train: str
    flat_test: str
    image_train: str
    image_test: str


@dataclass(frozen=True)
class Style:
    """One student's habits; they hold for the whole notebook."""

    starter: bool  # fills in starter.ipynb, or writes a notebook of their own
    origin: str  # the import statement that brings Keras
    prefix: str  # what stands before Dense: "layers.", "keras.layers." or nothing
    build: str  # list, add, functional
    input_shape: bool  # on the first layer, in place of an Input
    builds_by_function: bool
    trains_by_function: bool
    one_model: bool  # every network is called `model`
    names: Names
    networks: Mapping[str, str]  # kind of training to the network's name
    sgd: str
    slow: str  # SGD with 0.005
    adam: str
    loss_object: bool
    scaling: str  # {} is the array
    one_hot: bool
    batch_size: int | None  # None: Keras' default
    verbose: int | None
    calls: str  # usual, keywords, positional
    kernel: str
    convolution: str  # ndimage, signal, loop, typed
    counting: str  # typed, computed, asked
    third: str  # the network of 1i: small, wide
    named_third: bool  # the 20,000 items get names of their own
    adam_on: str  # the network of 4b: strided, cnn
    repeats: int  # of 1f
    histories: str  # each, one, none
    plots: bool
    evaluates: bool
    single_quotes: bool
    texts: Mapping[str, str]  # exercise to answer

    @property
    def keras(self) -> str:
        """How Keras is called."""
        return "tf.keras" if self.origin.endswith("tf") else "keras"

    @property
    def labels(self) -> tuple[str, str]:
        """The names of the labels that networks are trained on, and of those of the test set."""
        suffix = "_hot" if self.one_hot else ""
        return self.names.y_train + suffix, self.names.y_test + suffix

    def history(self, kind: str) -> str:
        """The name that is given to what fit() returns, if any."""
        return {"each": f"hist_{kind}", "one": "history", "none": ""}[self.histories]

    def optimizer(self, kind: str) -> str:
        """Write the optimizer of a training."""
        return {"slow": self.slow, "adam": self.adam}.get(kind, self.sgd)

    def dense(self, units: str, activation: str) -> str:
        """Write a dense layer."""
        size = f"units={units}" if self.calls == "keywords" else units
        name = "" if self.calls == "positional" else "activation="
        return f'{self.prefix}Dense({size}, {name}"{activation}")'

    def convolution_layer(self, filters: int, *, strided: bool = False) -> str:
        """Write a convolutional layer with ReLU."""
        size = f"{filters}, {self.kernel}"
        if self.calls == "keywords":
            size = f"filters={filters}, kernel_size={self.kernel}"
        strides = f"strides={self.kernel.replace('3', '2')}, " if strided else ""
        return f'{self.prefix}Conv2D({size}, {strides}activation="relu")'

    def compile_call(self, network: str, optimizer: str) -> str:
        """Write the call of compile()."""
        loss = "categorical_crossentropy" if self.one_hot else "sparse_categorical_crossentropy"
        given = f'"{loss}"'
        if self.loss_object:
            given = f"{self.keras}.losses.{loss.title().replace('_', '')}()"
        optimizer = optimizer if self.calls == "positional" else f"optimizer={optimizer}"
        return f'{network}.compile({optimizer}, loss={given}, metrics=["accuracy"])'

    def fit_call(self, network: str, x: str, y: str, x_test: str) -> str:
        """Write the call of fit(): three epochs, validated on the test set."""
        arguments = [f"x={x}", f"y={y}"] if self.calls == "keywords" else [x, y]
        batch = self.batch_size
        if self.calls == "positional" and batch:
            arguments += [f"{batch}", "3"]
        else:
            arguments += ["epochs=3", *([f"batch_size={batch}"] if batch else [])]
        arguments.append(f"validation_data=({x_test}, {self.labels[1]})")
        if self.verbose is not None:
            arguments.append(f"verbose={self.verbose}")
        return f"{network}.fit({', '.join(arguments)})"


KINDS = ("small", "slow", "wide", "third", "cnn", "strided", "adam")
BATCH_SIZES = {None: 60, 64: 20, 128: 15, 32: 5}
_NAMES = {
    Names(*names.split()): weight
    for names, weight in {
        "x_train y_train x_test y_test vec_train vec_test img_train img_test": 35,
        "x_train y_train x_test y_test x_train x_test x_train_cnn x_test_cnn": 25,
        "X_train y_train X_test y_test X_flat X_flat_test X_conv X_conv_test": 20,
        "train_images train_labels test_images test_labels train_vec test_vec train_4d test_4d": 15,
        "data labels test_data test_labels flat test_flat imgs test_imgs": 5,
    }.items()
}
_NETWORKS = {
    tuple(names.split()): weight
    for names, weight in {
        "small slow wide fewer cnn strided strided_adam": 40,
        "model model_slow model_wide model_third model_cnn model_stride model_adam": 30,
        "model1 model2 model3 model4 model5 model6 model7": 20,
        "net_f net_g net_h net_i net_3 net_4a net_4b": 10,
    }.items()
}
_TEXTS: dict[str, tuple[str, ...]] = {
    "1b": (
        "The change of a weight in the first layer is proportional to the pixel behind it. With "
        "values up to 255 the steps are far too large, and SGD overshoots.",
        "gradient = error * input, so big inputs give big updates and the loss explodes.",
        "Because the pixel is a factor in the gradient. If all inputs lie between 0 and 1 the "
        "usual learning rate works, otherwise training becomes unstable.",
    ),
    "1c": (
        "There are ten classes and each output unit is the probability of one of them.",
        "10 labels -> 10 outputs, softmax makes them sum up to 1.",
        "Every class needs a unit of its own, the highest one wins. We have 10 kinds of clothes.",
    ),
    "1i": (
        "With fewer items the network can learn them by heart (overfitting), so training looks "
        "better than it is. It matters because we want to use it on new clothes.",
        "Both are lower than before. There is hardly a gap after 3 epochs, but with less data it "
        "would come sooner, since the network fits what is only true for these items.",
        "The gap comes from overfitting to the 20000 items. It's the test accuracy that counts.",
    ),
    "1j": (
        "They are high sneakers mostly, same outline of sole and heel as a boot.",
        "Sneakers and sandals that cover the ankle. At 28x28 pixels they look the same as boots.",
        "The wrong ones are sneakers with a high shaft, so the bright pixels are at the same "
        "places as in a boot.",
    ),
    "2b": (
        "Kx responds to vertical edges, Ky to horizontal edges.",
        "Kx is the derivative in x (vertical lines), Ky the one in y (horizontal lines); each is "
        "zero for the other line.",
        "Kx sees brightness that changes from left to right, Ky from top to bottom.",
    ),
    "3b": (
        "It is about as good as the small dense network. There is no gap, because the filters are "
        "shared over the whole image and there are few weights to overfit with.",
        "Training and test are nearly the same. Only 3330 parameters, so it can't memorise.",
        "No gap: the same kernel is used everywhere, so it must learn what helps everywhere.",
    ),
    "4a": (
        "The kernel is applied at every second position only, that is a quarter of the "
        "multiplications. The additional weights are in the dense layer, which is cheap.",
        "Stride 2 skips positions in both directions, and there is no pooling to compute.",
        "Fewer positions to compute. Parameters of a conv layer are used many times per image, "
        "those of the dense layer only once.",
    ),
    "4b": (
        "Adam has a step size of its own for each weight, and momentum.",
        "Because of the adaptive learning rate: flat directions get bigger steps than with SGD.",
        "It divides by the running size of the gradient, so 3 epochs get further.",
    ),
}


COUNTS = {
    "1d": ("8070", "(784 + 1) * 10 + (10 + 1) * 10 + (10 + 1) * 10"),
    "1h": ("55050", "784 * 64 + 64 + 64 * 64 + 64 + 64 * 10 + 10"),
    "3c": ("3330", "(9 * 16 + 16) + (9 * 16 * 8 + 8) + (5 * 5 * 8 * 10 + 10)"),
    "4a": ("4210", "(9 * 16 + 16) + (9 * 16 * 8 + 8) + (6 * 6 * 8 * 10 + 10)"),
}
IMAGES_AND_KERNELS = """\
IA = np.zeros((5, 5), dtype=int)
IA[:, 2] = 1
IB = np.zeros((5, 5), dtype=int)
IB[2, :] = 1

Kx = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
Ky = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
"""
CONVOLUTIONS = {
    "ndimage": """
KxIA = ndimage.convolve(IA, Kx, mode="nearest")
KyIA = ndimage.convolve(IA, Ky, mode="nearest")
KxIB = ndimage.convolve(IB, Kx, mode="nearest")
KyIB = ndimage.convolve(IB, Ky, mode="nearest")
print(KxIA, KyIA, KxIB, KyIB, sep="\\n\\n")""",
    "signal": """
KxIA, KyIA, KxIB, KyIB = [
    signal.convolve2d(image, kernel, mode="same", boundary="symm")
    for image in (IA, IB) for kernel in (Kx, Ky)
]""",
    "loop": """
def convolve(kernel, image):
    padded = np.pad(image, 1, mode="edge")
    flipped = np.flip(kernel)
    result = np.zeros((5, 5))
    for row in range(5):
        for column in range(5):
            result[row, column] = np.sum(flipped * padded[row:row + 3, column:column + 3])
    return result

KxIA = convolve(Kx, IA)
KyIA = convolve(Ky, IA)
KxIB = convolve(Kx, IB)
KyIB = convolve(Ky, IB)
print(KxIA)
print(KyIB)""",
    "typed": """
KxIA = [[0, -4, 0, 4, 0]] * 5
KyIA = np.zeros((5, 5))
KxIB = np.zeros((5, 5))
KyIB = np.array([[0] * 5, [-4] * 5, [0] * 5, [4] * 5, [0] * 5])""",
}


def draw_style(rng: Random) -> Style:
    """Draw one student's habits."""
    keras = {"import keras": 55, "from tensorflow import keras": 35, "import tensorflow as tf": 10}
    origin = _draw(rng, keras)
    name = "tf.keras" if origin.endswith("tf") else "keras"
    prefix = _draw(rng, {"layers.": 50, f"{name}.layers.": 25, "": 25})
    build = _draw(rng, {"list": 55, "add": 25, "functional": 20})
    one_model = _chance(rng, 35)
    networks = ("model",) * len(KINDS) if one_model else _draw(rng, _NETWORKS)
    optimizers = f"{name}.optimizers."
    plots = _chance(rng, 50)
    return Style(
        starter=_chance(rng, 65),
        origin=origin,
        prefix=prefix,
        build=build,
        input_shape=_chance(rng, 25) and build != "functional",
        builds_by_function=_chance(rng, 25),
        trains_by_function=_chance(rng, 25),
        one_model=one_model,
        names=_draw(rng, _NAMES),
        networks=dict(zip(KINDS, networks, strict=True)),
        sgd=_draw(
            rng,
            {
                '"sgd"': 55,
                '"SGD"': 5,
                f"{optimizers}SGD()": 25,
                f"{optimizers}SGD(learning_rate=0.01)": 15,
            },
        ),
        slow=optimizers + _draw(rng, {"SGD(learning_rate=0.005)": 80, "SGD(0.005)": 20}),
        adam=_draw(rng, {'"adam"': 70, f"{optimizers}Adam()": 30}),
        loss_object=_chance(rng, 20),
        scaling=_draw(rng, {"{} / 255": 35, "{} / 255.0": 35, '{}.astype("float32") / 255': 30}),
        one_hot=_chance(rng, 15),
        batch_size=_draw(rng, BATCH_SIZES),
        verbose=_draw(rng, {None: 70, 2: 15, 0: 15}),
        calls=_draw(rng, {"usual": 75, "keywords": 15, "positional": 10}),
        kernel=_draw(rng, {"(3, 3)": 65, "3": 35}),
        convolution=_draw(rng, {"ndimage": 35, "loop": 30, "typed": 20, "signal": 15}),
        counting=_draw(rng, {"computed": 40, "typed": 30, "asked": 30}),
        third=_draw(rng, {"small": 70, "wide": 30}),
        named_third=_chance(rng, 50),
        adam_on=_draw(rng, {"strided": 90, "cnn": 10}),
        repeats=_draw(rng, {0: 70, 1: 20, 2: 10}),
        histories="each" if plots else _draw(rng, {"each": 30, "one": 40, "none": 30}),
        plots=plots,
        evaluates=_chance(rng, 30),
        single_quotes=_chance(rng, 35),
        texts={exercise: rng.choice(texts) for exercise, texts in _TEXTS.items()},
    )


def _draw(rng: Random, weights: Mapping[Choice, int]) -> Choice:
    return rng.choices(list(weights), list(weights.values()))[0]


def _chance(rng: Random, percent: int) -> bool:
    return rng.random() * 100 < percent
