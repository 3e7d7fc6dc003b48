"""A class of honest students: complete solutions of fashion_cnn in the styles of a real class."""

from __future__ import annotations

from pathlib import Path
from random import Random
from textwrap import indent
from typing import Any

import nbformat

from benchmarks.styles import CONVOLUTIONS, COUNTS, IMAGES_AND_KERNELS, KINDS, Style, draw_style
from graders.assignment import load_assignment

UNANSWERED = "*Your answer here.*"
# Every exercise of the sheet but 2b, which is answered in words alone.
CODED = (
    *("1a", "1b", "1c", "1d", "1e", "1f", "1g", "1h", "1i", "1j"),
    *("2a", "3a", "3b", "3c", "4a", "4b"),
)


def make_class(count: int, folder: Path, seed: int = 0) -> list[Path]:
    """Write `count` notebooks into `folder`, the same for the same seed, byte for byte.

    The first notebooks of a large class are those of a smaller one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starter = load_assignment("fashion_cnn").folder / "starter.ipynb"
    files = []
    for number in range(1, count + 1):
        rng = Random(f"{seed}-{number}")
        style = draw_style(rng)
        if style.starter:
            notebook = _filled_in(nbformat.read(starter, as_version=4), style)
        else:
            notebook = _own(style, rng)
        file = folder / f"student_{number:03}.ipynb"
        file.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
        files.append(file)
    return files


def _filled_in(notebook: Any, style: Style) -> Any:
    """Fill in the starter, whose cells are called 1b-code, 1b-text and so on."""
    code = code_cells(style)
    for cell in notebook.cells:
        name = cell.id.removesuffix("-code")
        if cell.cell_type == "code":
            cell.source = code[name]
        else:
            answer = style.texts.get(cell.id.removesuffix("-text"), "")
            cell.source = cell.source.replace(UNANSWERED, answer)
    return notebook


def _own(style: Style, rng: Random) -> Any:
    """Write a notebook without the starter: comments and answers name their exercise."""

    def named() -> str:
        return f"{rng.getrandbits(32):08x}"

    code = code_cells(style)
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    title = nbformat.v4.new_markdown_cell("# Fashion-MNIST", id=named())
    notebook.cells.append(title)
    for name in ("setup", "data"):
        notebook.cells.append(nbformat.v4.new_code_cell(code[name], id=named()))
    for exercise in sorted({*CODED, *style.texts}):
        if exercise in code:
            source = f"# {exercise}\n{code[exercise]}"
            notebook.cells.append(nbformat.v4.new_code_cell(source, id=named()))
        if exercise in style.texts:
            source = f"{exercise}: {style.texts[exercise]}"
            notebook.cells.append(nbformat.v4.new_markdown_cell(source, id=named()))
    return notebook


def code_cells(style: Style) -> dict[str, str]:
    """Write the code of the whole sheet: "setup", "data", and a cell for each exercise."""
    s, n = style, style.names
    cells = {
        "setup": _setup(s),
        "data": _data(s),
        "1a": f"{_show_some(s)}\n\n{_flatten(s)}",
        "1b": f"{_scale(s)}\nprint({n.flat_train}.min(), {n.flat_train}.max())",
        "1c": _defined(s, "build_dense", "units") + _network(s, "small"),
        "1d": _count(s, "1d", "small") + f"\n{s.networks['small']}.summary()",
        "1e": _training_function(s) if s.trains_by_function else _compile(s, "small"),
        "1f": _first_training(s),
        "1g": f"{_rate(s)}\n\n{_network(s, 'slow')}\n{_trained(s, 'slow')}",
        "1h": f"{_network(s, 'wide')}\n{_trained(s, 'wide')}\n{_count(s, '1h', 'wide')}",
        "1i": _third(s),
        "1j": _boots(s),
        "2a": IMAGES_AND_KERNELS + CONVOLUTIONS[s.convolution],
        "3a": f"{_images(s)}\n\n{_defined(s, 'build_cnn')}{_network(s, 'cnn')}",
        "3b": _trained(s, "cnn") + (_curves(s) if s.plots else ""),
        "3c": _count(s, "3c", "cnn") + '\nprint(answers["3c"])',
        "4a": _defined(s, "build_strided")
        + f"{_network(s, 'strided')}\n{_trained(s, 'strided')}\n{_count(s, '4a', 'strided')}",
        "4b": f"{_network(s, 'adam')}\n{_trained(s, 'adam')}",
    }
    if s.single_quotes:
        return {name: source.replace('"', "'") for name, source in cells.items()}
    return cells


# -- data -------------------------------------------------------------------------------------


def _setup(s: Style) -> str:
    package = "keras" if s.origin == "import keras" else "tensorflow.keras"
    lines = [s.origin, "import matplotlib.pyplot as plt", "import numpy as np"]
    if s.prefix == "layers.":
        lines.append(f"from {package} import layers")
    if not s.prefix:
        lines.append(f"from {package}.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D")
    if s.convolution in {"ndimage", "signal"}:
        lines.append(f"from scipy import {s.convolution}")
    return "\n".join([*lines, "", "answers = {}"])


def _data(s: Style) -> str:
    n = s.names
    loaded = f"({n.x_train}, {n.y_train}), ({n.x_test}, {n.y_test})"
    lines = [f"{loaded} = {s.keras}.datasets.fashion_mnist.load_data()"]
    if s.one_hot:
        for y in (n.y_train, n.y_test):
            lines.append(f"{y}_hot = {s.keras}.utils.to_categorical({y}, 10)")
    return "\n".join([*lines, f"print({n.x_train}.shape, {n.x_test}.shape)"])


def _show_some(s: Style) -> str:
    n = s.names
    if not s.plots:
        return f'plt.imshow({n.x_train}[0], cmap="gray")\nplt.show()'
    return f"""\
fig, axes = plt.subplots(2, 5, figsize=(9, 4))
for ax, image, label in zip(axes.flat, {n.x_train}, {n.y_train}):
    ax.imshow(image, cmap="gray")
    ax.set_title(label)
    ax.axis("off")
plt.show()"""


def _flatten(s: Style) -> str:
    n = s.names
    first = "len({x})" if s.counting == "computed" else "-1"
    return "\n".join(
        f"{flat} = {x}.reshape({first.format(x=x)}, 784)"
        for flat, x in ((n.flat_train, n.x_train), (n.flat_test, n.x_test))
    )


def _scale(s: Style) -> str:
    flats = (s.names.flat_train, s.names.flat_test)
    return "\n".join(f"{flat} = {s.scaling.format(flat)}" for flat in flats)


def _images(s: Style) -> str:
    n = s.names
    pairs = ((n.image_train, n.flat_train), (n.image_test, n.flat_test))
    return "\n".join(f"{image} = {flat}.reshape(-1, 28, 28, 1)" for image, flat in pairs)


# -- networks ---------------------------------------------------------------------------------


def _network(s: Style, kind: str) -> str:
    """Build the network of a training under its name."""
    design = {"slow": "small", "third": s.third, "adam": s.adam_on}.get(kind, kind)
    units = {"small": "10", "wide": "64"}.get(design, "")
    if s.builds_by_function:
        function = "build_dense" if units else f"build_{design}"
        return f"{s.networks[kind]} = {function}({units})"
    return _built(s, s.networks[kind], _layers(s, design, units), dense=bool(units))


def _defined(s: Style, function: str, parameter: str = "") -> str:
    """Define a function that builds a network, for those who write one."""
    if not s.builds_by_function:
        return ""
    layers = _layers(s, function.removeprefix("build_"), parameter)
    body = _built(s, "model", layers, dense=bool(parameter))
    return f"def {function}({parameter}):\n{indent(body, '    ')}\n    return model\n\n"


def _built(s: Style, name: str, layers: list[str], *, dense: bool) -> str:
    shape = "(784,)" if dense else "(28, 28, 1)"
    source = f"{s.keras}.Input(shape={shape})" if s.prefix else f"Input(shape={shape})"
    if s.build == "functional":
        lines = [f"inputs = {source}", f"h = {layers[0]}(inputs)"]
        lines += [f"h = {layer}(h)" for layer in layers[1:-1]]
        return "\n".join(
            [*lines, f"outputs = {layers[-1]}(h)", f"{name} = {s.keras}.Model(inputs, outputs)"]
        )
    if s.input_shape:
        layers = [f"{layers[0][:-1]}, input_shape={shape})", *layers[1:]]
    else:
        layers = [source, *layers]
    if s.build == "add":
        adds = [f"{name}.add({layer})" for layer in layers]
        return "\n".join([f"{name} = {s.keras}.Sequential()", *adds])
    listed = indent(",\n".join(layers), "    ")
    return f"{name} = {s.keras}.Sequential([\n{listed},\n])"


def _layers(s: Style, design: str, units: str) -> list[str]:
    output = s.dense("10", "softmax")
    if units:
        return [s.dense(units, "relu"), s.dense(units, "relu"), output]
    flatten = f"{s.prefix}Flatten()"
    if design == "strided":
        return [
            s.convolution_layer(16, strided=True),
            s.convolution_layer(8, strided=True),
            flatten,
            output,
        ]
    size = s.kernel.replace("3", "2")
    pool = f"{s.prefix}MaxPooling2D({'pool_size=' if s.calls == 'keywords' else ''}{size})"
    return [s.convolution_layer(16), pool, s.convolution_layer(8), pool, flatten, output]


# -- trainings --------------------------------------------------------------------------------


def _compile(s: Style, kind: str) -> str:
    return s.compile_call(s.networks[kind], s.optimizer(kind))


def _report(history: str) -> str:
    last = [f'{history}.history["{key}"][-1]' for key in ("accuracy", "val_accuracy")]
    return f'print("train", {last[0]}, "test", {last[1]})'


def _training_function(s: Style) -> str:
    compiled = s.compile_call("model", "optimizer")
    fitted = s.fit_call("model", "x", "y", "x_val")
    body = f"{compiled}\nhistory = {fitted}\n{_report('history')}\nreturn history"
    return f"def train_and_report(model, x, y, x_val, optimizer):\n{indent(body, '    ')}"


def _trained(s: Style, kind: str, x: str = "", y: str = "", *, compiled: bool = False) -> str:
    """Compile a network unless it is, train it, and say how good it is."""
    n, name, history = s.names, s.networks[kind], s.history(kind)
    images = kind in {"cnn", "strided", "adam"}
    x_test = n.image_test if images else n.flat_test
    x = x or (n.image_train if images else n.flat_train)
    y = y or s.labels[0]
    given = f"{history} = " if history else ""
    if s.trains_by_function:
        return f"{given}train_and_report({name}, {x}, {y}, {x_test}, {s.optimizer(kind)})"
    lines = [] if compiled else [_compile(s, kind)]
    lines.append(given + s.fit_call(name, x, y, x_test))
    if history:
        lines.append(_report(history))
    if s.evaluates or (s.verbose == 0 and not history):
        lines.append(f"print({name}.evaluate({x_test}, {s.labels[1]}, verbose=0))")
    return "\n".join(lines)


def _first_training(s: Style) -> str:
    """1f, and for some students once or twice more with fresh networks."""
    first = _trained(s, "small", compiled=True)
    if not s.repeats:
        return first
    again = f"{_network(s, 'small')}\n{_trained(s, 'small')}"
    return f"{first}\n\nfor attempt in range({s.repeats}):\n{indent(again, '    ')}"


def _third(s: Style) -> str:
    x, y = f"{s.names.flat_train}[:20000]", f"{s.labels[0]}[:20000]"
    named = ""
    if s.named_third:
        named = f"x_third, y_third = {x}, {y}\n"
        x, y = "x_third", "y_third"
    return f"{named}{_network(s, 'third')}\n{_trained(s, 'third', x, y)}"


# -- answers ----------------------------------------------------------------------------------


def _count(s: Style, exercise: str, kind: str) -> str:
    typed, computed = COUNTS[exercise]
    asked = f"{s.networks[kind]}.count_params()"
    value = {"typed": typed, "computed": computed, "asked": asked}[s.counting]
    return f'answers["{exercise}"] = {value}'


def _rate(s: Style) -> str:
    optimizer = f"{s.networks['small']}.optimizer"
    value = {
        "typed": "0.01  # see the documentation of SGD",
        "computed": f"float({optimizer}.learning_rate.numpy())",
        "asked": f'{optimizer}.get_config()["learning_rate"]',
    }[s.counting]
    return f'answers["1g"] = {value}\nprint(answers["1g"])'


def _boots(s: Style) -> str:
    n = s.names
    network = s.networks["third" if s.one_model else "wide"]
    found = {
        "typed": "np.where(predicted == 9)[0]",
        "computed": "np.flatnonzero(predicted == 9)",
        "asked": "[i for i in range(len(predicted)) if predicted[i] == 9]",
    }[s.counting]
    image = f"{n.x_test}[i]" + (".reshape(28, 28)" if n.x_test == n.flat_test else "")
    return f"""\
predicted = {network}.predict({n.flat_test}).argmax(axis=1)
boots = {found}
print(len(boots))

first_wrong = None
for i in boots:
    plt.figure(figsize=(1.5, 1.5))
    plt.imshow({image}, cmap="gray")
    plt.show()
    plt.close()
    if {n.y_test}[i] != 9:
        first_wrong = int(i)
        break
print(first_wrong)"""


def _curves(s: Style) -> str:
    """Draw the curves of three networks."""
    histories = ", ".join(s.history(kind) for kind in KINDS if kind in {"small", "wide", "cnn"})
    return f"""\n
for h in [{histories}]:
    plt.plot(h.epoch, h.history["accuracy"], "--")
    plt.plot(h.epoch, h.history["val_accuracy"])
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.show()"""
