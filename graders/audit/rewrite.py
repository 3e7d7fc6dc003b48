"""Write a solution in another form that means the same: one function for each form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from graders.audit.cells import Cell, Cells
from graders.audit.edits import replaced
from graders.audit.syntax import (
    argument,
    assigned_name,
    called,
    code_of,
    expression,
    find,
    layer_calls,
    layer_list,
    receiver,
    substitute,
    text,
    with_argument,
)

# Makes the lines that take the place of one line; None where it stays.
_Lines = Callable[[cst.SimpleStatementLine], Sequence[str] | None]
# Makes the call that takes the place of one call.
_Call = Callable[[cst.Call], cst.BaseExpression]


def functional(cells: Cells) -> Cells:
    """Write networks as functional models."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        name, layers = _network(line)
        if not layers:
            return None
        first, *others = [code_of(layer) for layer in layers]
        lines = [f"inputs = {first}", f"x = {others[0]}(inputs)"]
        lines += [f"x = {layer}(x)" for layer in others[1:]]
        return [*lines, f"{name} = keras.Model(inputs, x)"]

    return _by_line(cells, write)


def with_add(cells: Cells) -> Cells:
    """Add layers one by one."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        name, layers = _network(line)
        if not layers:
            return None
        return [f"{name} = keras.Sequential()", *(f"{name}.add({code_of(one)})" for one in layers)]

    return _by_line(cells, write)


def with_loop(cells: Cells) -> Cells:
    """Add layers in a loop; those of the dense networks by their sizes."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        name, layers = _network(line)
        if not layers:
            return None
        head = [f"{name} = keras.Sequential()", f"{name}.add({code_of(layers[0])})"]
        if all(called(one) == "Dense" for one in layers[1:]):
            sizes = [(argument(one, "units", 0), argument(one, "activation", 1)) for one in layers]
            pairs = ", ".join(f"({code_of(u)}, {code_of(a)})" for u, a in sizes[1:] if u and a)
            dense = f"{substitute(layers[1], 'Dense')}(units, activation=activation)"
            return [*head, f"for units, activation in [{pairs}]:\n    {name}.add({dense})"]
        listed = ", ".join(code_of(one) for one in layers[1:])
        return [*head, f"for layer in [{listed}]:\n    {name}.add(layer)"]

    return _by_line(cells, write)


def with_helpers(cells: Cells) -> Cells:
    """Let functions build, compile and train."""
    helpers = (
        "# %% Helpers\n"
        "def build(*stack):\n"
        "    return keras.Sequential(list(stack))\n\n\n"
        "def prepare(network, **settings):\n"
        "    network.compile(**settings)\n"
        "    return network\n\n\n"
        "def train(network, images, labels, **settings):\n"
        "    return network.fit(images, labels, **settings)\n"
    )

    def write(call: cst.Call) -> cst.BaseExpression:
        layers = layer_list(call)
        if layers is not None:
            stack = [cst.Arg(element.value) for element in layers.elements]
            return cst.Call(cst.Name("build"), stack)
        names = {"compile": "prepare", "fit": "train"}
        if called(call) in names and receiver(call):
            own = cst.Arg(
                cst.Name(receiver(call)),
                comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")),
            )
            return call.with_changes(func=cst.Name(names[called(call)]), args=[own, *call.args])
        return call

    return _behind_imports(_by_call(cells, write), helpers)


def with_epoch_loop(cells: Cells) -> Cells:
    """Call fit once for each epoch."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        call = next((one for one in find(line, cst.Call) if called(one) == "fit"), None)
        epochs = argument(call, "epochs") if call is not None else None
        if call is None or epochs is None:
            return None
        once = code_of(replaced(line, {call: with_argument(call, "epochs", "1")})).strip()
        indented = once.replace("\n", "\n    ")
        return [f"for epoch in range({code_of(epochs)}):\n    {indented}"]

    return _by_line(cells, write)


def from_tensorflow(cells: Cells) -> Cells:
    """Take Keras from TensorFlow."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        code = code_of(line).strip()
        if code == "import keras":
            return ["import tensorflow as tf"]
        if code.startswith("from keras"):
            return [code.replace("from keras", "from tensorflow.keras", 1)]
        return None

    with_imports = _by_line(cells, write)
    return tuple(
        cell.with_module(cell.module.visit(_OfTensorFlow())) if cell.is_code else cell
        for cell in with_imports
    )


def one_hot(cells: Cells) -> Cells:
    """Take one-hot labels, and the loss that goes with them."""

    def write(call: cst.Call) -> cst.BaseExpression:
        loss = text(argument(call, "loss"))
        if called(call) == "compile" and loss is not None:
            return with_argument(call, "loss", f'"{loss.removeprefix("sparse_")}"')
        labels, held_out = argument(call, "y", 1), argument(call, "validation_data")
        if called(call) == "fit" and labels is not None:
            call = with_argument(call, "y", _one_hot(labels), 1)
            if isinstance(held_out, cst.Tuple) and len(held_out.elements) == 2:
                x, y = (element.value for element in held_out.elements)
                call = with_argument(call, "validation_data", f"({code_of(x)}, {_one_hot(y)})")
        return call

    return _by_call(cells, write)


def in_batches(size: int | None) -> Callable[[Cells], Cells]:
    """Make a form with batches of a size, or with those that Keras takes by itself."""

    def write(call: cst.Call) -> cst.BaseExpression:
        if called(call) == "fit":
            return with_argument(call, "batch_size", None if size is None else str(size))
        return call

    return lambda cells: _by_call(cells, write)


def with_objects(cells: Cells) -> Cells:
    """Give optimizers and losses as objects."""
    optimizers = {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop"}

    def write(call: cst.Call) -> cst.BaseExpression:
        if called(call) != "compile":
            return call
        optimizer, loss = text(argument(call, "optimizer")), text(argument(call, "loss"))
        if optimizer in optimizers:
            call = with_argument(call, "optimizer", f"keras.optimizers.{optimizers[optimizer]}()")
        if loss is not None:
            name = "".join(word.title() for word in loss.split("_"))
            call = with_argument(call, "loss", f"keras.losses.{name}()")
        return call

    return _by_call(cells, write)


def with_activations(cells: Cells) -> Cells:
    """Write activations as layers of their own."""

    def write(call: cst.Call) -> cst.BaseExpression:
        layers = layer_list(call)
        if layers is None:
            return call
        elements: list[cst.BaseElement] = []
        for element in layers.elements:
            layer = element.value
            given = argument(layer, "activation") if isinstance(layer, cst.Call) else None
            if not isinstance(layer, cst.Call) or given is None:
                elements.append(element)
                continue
            own = f"{substitute(layer, 'Activation')}({code_of(given)})"
            bare = with_argument(layer, "activation", None)
            elements += [element.with_changes(value=one) for one in (bare, expression(own))]
        return call.with_changes(args=[cst.Arg(layers.with_changes(elements=elements))])

    return _by_call(cells, write)


def as_float64(cells: Cells) -> Cells:
    """Scale pixels as float64, which dividing bytes makes without further ado."""

    def write(call: cst.Call) -> cst.BaseExpression:
        if called(call) == "astype" and text(argument(call, "dtype", 0)) == "float32":
            return with_argument(call, "dtype", '"float64"', 0)
        return call

    return _by_call(cells, write)


def with_evaluate(cells: Cells) -> Cells:
    """Evaluate every network after its training, on the data of its validation."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        call = next((one for one in find(line, cst.Call) if called(one) == "fit"), None)
        held_out = argument(call, "validation_data") if call is not None else None
        if call is None or held_out is None:
            return None
        network = receiver(call)
        return [
            code_of(line).strip(),
            f"print({network}.evaluate(*{code_of(held_out)}, verbose=0))",
        ]

    return _by_line(cells, write)


def answers_as_texts(cells: Cells, results: frozenset[str]) -> Cells:
    """Give the numbers of an answers' dictionary as texts, thousands set apart by commas."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        assign = line.body[0]
        if not isinstance(assign, cst.Assign):
            return None
        target = assign.targets[0].target
        if not isinstance(target, cst.Subscript) or code_of(target.value) not in results:
            return None
        return [f'{code_of(target)} = format({code_of(assign.value)}, ",")']

    return _by_line(cells, write)


def results_as_lists(cells: Cells, results: frozenset[str]) -> Cells:
    """Give arrays of results as nested lists."""

    def write(line: cst.SimpleStatementLine) -> list[str] | None:
        assign = line.body[0]
        name = assigned_name(assign)
        if not isinstance(assign, cst.Assign) or name not in results:
            return None
        if called(assign.value) in {"", "int", "float"}:
            return None
        return [f"{name} = {code_of(assign.value)}.tolist()"]

    return _by_line(cells, write)


class _OfTensorFlow(cst.CSTTransformer):
    """Writes `tf.keras` for `keras`."""

    def leave_Attribute(  # noqa: N802 - named by libcst
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.Attribute:
        if isinstance(original_node.value, cst.Name) and original_node.value.value == "keras":
            return updated_node.with_changes(value=expression("tf.keras"))
        return updated_node

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: N802
        return False


class _ByCall(cst.CSTTransformer):
    def __init__(self, write: _Call) -> None:
        super().__init__()
        self._write = write

    def leave_Call(  # noqa: N802
        self, original_node: cst.Call, updated_node: cst.Call
    ) -> cst.BaseExpression:
        return self._write(updated_node)


class _ByLine(cst.CSTTransformer):
    def __init__(self, write: _Lines) -> None:
        super().__init__()
        self._write = write

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        lines = self._write(original_node)
        if lines is None:
            return updated_node
        statements = [cst.parse_statement(line) for line in lines]
        first = statements[0]
        if isinstance(first, cst.SimpleStatementLine | cst.For):
            # Comments and blank lines before the line stay.
            statements[0] = first.with_changes(leading_lines=original_node.leading_lines)
        return cst.FlattenSentinel(statements)


def _by_call(cells: Cells, write: _Call) -> Cells:
    return tuple(
        cell.with_module(cell.module.visit(_ByCall(write))) if cell.is_code else cell
        for cell in cells
    )


def _by_line(cells: Cells, write: _Lines) -> Cells:
    return tuple(
        cell.with_module(cell.module.visit(_ByLine(write))) if cell.is_code else cell
        for cell in cells
    )


def _network(line: cst.SimpleStatementLine) -> tuple[str, list[cst.Call]]:
    """Name and layers of the network that a line builds from a list."""
    assign = line.body[0]
    name = assigned_name(assign)
    layers = layer_list(assign.value) if isinstance(assign, cst.Assign) else None
    return (name, layer_calls(layers)) if name and layers is not None else ("", [])


def _one_hot(labels: cst.BaseExpression) -> str:
    return f"keras.utils.to_categorical({code_of(labels)})"


def _behind_imports(cells: Cells, code: str) -> Cells:
    """Put a cell behind the last one that imports something at its top."""
    last = max(
        (i for i, cell in enumerate(cells) if cell.is_code and "import " in cell.source), default=-1
    )
    return (*cells[: last + 1], Cell(code), *cells[last + 1 :])
