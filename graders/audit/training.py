"""Mistakes in a training: loss, optimizer, rate, epochs, items, labels, validation."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from graders.audit.cells import Cells, exercise_cells
from graders.audit.edits import Change, Edit, replaced
from graders.audit.syntax import (
    argument,
    assigned_name,
    called,
    code_of,
    find,
    integer,
    receiver,
    text,
    with_argument,
)

# Optimizers by the name that compile() takes, with the class and its default rate.
_KNOWN = {"sgd": ("SGD", 0.01), "adam": ("Adam", 0.001), "rmsprop": ("RMSprop", 0.001)}
_OTHER = {"sgd": ("adam", "rmsprop"), "adam": ("sgd", "rmsprop"), "rmsprop": ("sgd", "adam")}
_MOMENTUM = 0.9


def optimizer(node: cst.CSTNode) -> Iterator[Edit]:
    """Another optimizer, at its default rate."""
    if isinstance(node, cst.Call) and called(node) == "compile":
        given = _optimizer(node)
        for other in _OTHER.get(given, ()):
            by = with_argument(node, "optimizer", f'"{other}"', 0)
            yield Edit(f"{given}-to-{other}", node, by)


def momentum(node: cst.CSTNode) -> Iterator[Edit]:
    """SGD with a momentum that nobody asked for."""
    if isinstance(node, cst.Call) and called(node) == "compile" and _optimizer(node) == "sgd":
        rate = _rate(node)
        settings = f"learning_rate={rate:g}, momentum={_MOMENTUM}"
        by = with_argument(node, "optimizer", f"keras.optimizers.SGD({settings})", 0)
        yield Edit("momentum-added", node, by)


def learning_rate(node: cst.CSTNode) -> Iterator[Edit]:
    """A learning rate that is ten times too large, or too small."""
    if isinstance(node, cst.Call) and called(node) == "compile":
        given = _optimizer(node)
        if given in _KNOWN:
            for word, factor in (("times-10", 10.0), ("by-10", 0.1)):
                code = f"keras.optimizers.{_KNOWN[given][0]}({_rate(node) * factor:.6g})"
                by = with_argument(node, "optimizer", code, 0)
                yield Edit(f"rate-{word}", node, by)


def loss(node: cst.CSTNode) -> Iterator[Edit]:
    """A loss for regression, and one that takes probabilities for logits."""
    if isinstance(node, cst.Call) and called(node) == "compile":
        given = text(argument(node, "loss", 1))
        if given is not None and given.endswith("categorical_crossentropy"):
            name = "".join(word.title() for word in given.split("_"))
            logits = f"keras.losses.{name}(from_logits=True)"
            yield Edit("loss-to-mse", node, with_argument(node, "loss", '"mse"', 1))
            yield Edit("loss-from-logits", node, with_argument(node, "loss", logits, 1))


def metrics(node: cst.CSTNode) -> Iterator[Edit]:
    """No metric."""
    if isinstance(node, cst.Call) and argument(node, "metrics") is not None:
        yield Edit("metrics-removed", node, with_argument(node, "metrics", None))


def epochs(node: cst.CSTNode) -> Iterator[Edit]:
    """One epoch, or twice as many as asked for."""
    if isinstance(node, cst.Call) and called(node) == "fit":
        given = integer(argument(node, "epochs"))
        if given is not None and given > 1:
            for other in (1, 2 * given):
                by = with_argument(node, "epochs", str(other))
                yield Edit(f"epochs-{given}-to-{other}", node, by)


def validation(node: cst.CSTNode) -> Iterator[Edit]:
    """No validation."""
    if isinstance(node, cst.Call) and argument(node, "validation_data") is not None:
        yield Edit("validation-removed", node, with_argument(node, "validation_data", None))


def items(node: cst.CSTNode) -> Iterator[Edit]:
    """Too few training items."""
    for call, x, y in _fits(node):
        half = _halved(x), _halved(y)
        if half[0] is not None and half[1] is not None:
            yield Edit("items-halved", call, _trained_on(call, half[0], half[1]))
        else:
            data = f"{x}[:6000]", f"{y}[:6000]"
            yield Edit("items-6000", call, _trained_on(call, *data))


def on_test_set(node: cst.CSTNode) -> Iterator[Edit]:
    """Trained on the data that are there for the test."""
    for call, _, _ in _fits(node):
        held_out = argument(call, "validation_data")
        if isinstance(held_out, cst.Tuple) and len(held_out.elements) == 2:
            x, y = (code_of(element.value) for element in held_out.elements)
            yield Edit("trained-on-test-set", call, _trained_on(call, x, y))


def labels(node: cst.CSTNode) -> Iterator[Edit]:
    """Labels that belong to other items."""
    for call, x, y in _fits(node):
        yield Edit("labels-shuffled", call, _trained_on(call, x, f"{y}[::-1]"))


def continued(cells: Cells, exercise: str) -> Iterator[Change]:
    """No new network, where an equal one was trained before: the training goes on with that."""
    known: dict[str, str] = {}
    for index, cell in enumerate(cells):
        if not cell.is_code:
            continue
        module = cell.module
        for assign in cell.find(cst.Assign):
            if called(assign.value) != "Sequential" or not assigned_name(assign):
                continue
            former = known.setdefault(code_of(assign.value), assigned_name(assign))
            if cell.exercise == exercise and former != assigned_name(assign):
                by = {assign.value: cst.Name(former)}
                changed = cell.with_module(replaced(module, by))
                whole = (*cells[:index], changed, *cells[index + 1 :])
                yield Change(f"goes-on-with-{former}", whole)


def fit_missing(cells: Cells, exercise: str) -> Iterator[Change]:
    """The network is built and compiled, and never trained, where nothing else needs it trained."""
    for index in exercise_cells(cells, exercise):
        module = cells[index].module
        for line in cells[index].find(cst.SimpleStatementLine):
            fits = [call for call in find(line, cst.Call) if called(call) == "fit"]
            if fits and not _asked_later(cells[index + 1 :], receiver(fits[0])):
                gone = {line: cst.RemovalSentinel.REMOVE}
                changed = cells[index].with_module(replaced(module, gone))
                yield Change("fit-removed", (*cells[:index], changed, *cells[index + 1 :]))


def _asked_later(cells: Cells, network: str) -> bool:
    return any(
        receiver(call) == network and called(call) in {"predict", "evaluate", "fit"}
        for cell in cells
        if cell.is_code
        for call in cell.find(cst.Call)
    )


def _fits(node: cst.CSTNode) -> Iterator[tuple[cst.Call, str, str]]:
    if isinstance(node, cst.Call) and called(node) == "fit":
        x, y = argument(node, "x", 0), argument(node, "y", 1)
        if x is not None and y is not None:
            yield node, code_of(x), code_of(y)


def _trained_on(call: cst.Call, x: str, y: str) -> cst.Call:
    return with_argument(with_argument(call, "x", x, 0), "y", y, 1)


def _halved(code: str) -> str | None:
    """Write `x[:20000]` as `x[:10000]`; None where nothing is cut."""
    head, cut, rest = code.partition("[:")
    number = rest.removesuffix("]").replace("_", "")
    return f"{head}[:{int(number) // 2}]" if cut and number.isdigit() else None


def _optimizer(call: cst.Call) -> str:
    """Name of the optimizer as compile() takes it, however it is given."""
    given = argument(call, "optimizer", 0)
    return (text(given) or (called(given) if given is not None else "")).lower()


def _rate(call: cst.Call) -> float:
    """Learning rate of a known optimizer, as given or by default."""
    given = argument(call, "optimizer", 0)
    if isinstance(given, cst.Call):
        rate = argument(given, "learning_rate", 0)
        if isinstance(rate, cst.Float | cst.Integer):
            return float(rate.value)
    return _KNOWN[_optimizer(call)][1]


OPERATORS = (
    optimizer,
    momentum,
    learning_rate,
    loss,
    metrics,
    epochs,
    validation,
    items,
    on_test_set,
    labels,
)
WHOLE = (continued, fit_missing)
