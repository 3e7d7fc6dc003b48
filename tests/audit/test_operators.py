from __future__ import annotations

import ast
from collections import Counter

import libcst as cst
import pytest

from graders.audit import answers, data, networks, training
from graders.audit.answers import Results
from graders.audit.edits import Operator
from graders.audit.syntax import walk

from .conftest import cells

DENSE = "m = keras.Sequential([Input((4,)), Dense(10, activation='relu'), Dense(3, 'softmax')])"
CONVOLUTIONS = (
    "m = keras.Sequential([L.Conv2D(16, (3, 3)), L.MaxPooling2D(2), L.Conv2D(8, 3, strides=2)])"
)
COMPILE = "m.compile(optimizer='sgd', loss='sparse_categorical_crossentropy', metrics=['accuracy'])"
FIT = "h = m.fit(x, y, epochs=3, validation_data=(x2, y2))"


def made(operator: Operator, code: str) -> dict[str, str]:
    """Every edit of an operator: its name, and the code that it leaves."""
    module = cst.parse_module(code)
    return {e.name: e.on(module).code for node in walk(module) for e in operator(node)}


@pytest.mark.parametrize(
    ("operator", "code", "name", "left"),
    [
        (networks.units, DENSE, "units-10-to-12", "Dense(12, activation='relu')"),
        (networks.bias, "Dense(3)", "bias-removed", "Dense(3, use_bias=False)"),
        (networks.activation_removed, DENSE, "softmax-removed", "Dense(3)"),
        (networks.activation_removed, DENSE, "relu-removed", "Dense(10)"),
        (networks.activation_changed, DENSE, "relu-to-tanh", 'Dense(10, activation="tanh")'),
        (networks.layer_removed, DENSE, "dense-removed", "[Input((4,)), Dense(3, 'softmax')]"),
        (networks.dropout_added, DENSE, "dropout-added", "'relu'), Dropout(0.5), Dense(3"),
        (networks.filters, CONVOLUTIONS, "filters-16-to-18", "L.Conv2D(18, (3, 3))"),
        (networks.kernel_size, CONVOLUTIONS, "kernel-3-to-5", "Conv2D(8, 5, strides=2)"),
        (networks.strides, CONVOLUTIONS, "stride-1-to-2", "Conv2D(16, (3, 3), strides=2)"),
        (networks.strides, CONVOLUTIONS, "stride-2-to-1", "Conv2D(8, 3)"),
        (networks.padding, CONVOLUTIONS, "padding-to-same", 'strides=2, padding="same")'),
        (networks.pool_size, CONVOLUTIONS, "pool-2-to-3", "L.MaxPooling2D(3)"),
        (networks.pool_averages, CONVOLUTIONS, "pool-averages", "L.AveragePooling2D(2)"),
        (networks.pool_removed, CONVOLUTIONS, "pool-removed", "(3, 3)), L.Conv2D(8"),
        (
            networks.filters_swapped,
            "Sequential([Conv2D(8), Conv2D(9)])",
            "filters-swapped",
            "9), Conv2D(8",
        ),
        (training.optimizer, COMPILE, "sgd-to-adam", 'optimizer="adam"'),
        (training.momentum, COMPILE, "momentum-added", "momentum=0.9"),
        (training.learning_rate, COMPILE, "rate-times-10", "SGD(0.1)"),
        (training.learning_rate, COMPILE, "rate-by-10", "SGD(0.001)"),
        (training.loss, COMPILE, "loss-to-mse", 'loss="mse"'),
        (training.loss, COMPILE, "loss-from-logits", "Crossentropy(from_logits=True)"),
        (training.metrics, COMPILE, "metrics-removed", "'sparse_categorical_crossentropy')"),
        (training.epochs, FIT, "epochs-3-to-1", "epochs=1"),
        (training.epochs, FIT, "epochs-3-to-6", "epochs=6"),
        (training.validation, FIT, "validation-removed", "m.fit(x, y, epochs=3)"),
        (training.items, FIT, "items-6000", "m.fit(x[:6000], y[:6000], "),
        (training.items, "m.fit(x[:20_000], y[:20_000])", "items-halved", "x[:10000], y[:10000]"),
        (training.on_test_set, FIT, "trained-on-test-set", "m.fit(x2, y2, "),
        (training.labels, FIT, "labels-shuffled", "m.fit(x, y[::-1], "),
        (data.scaling_removed, "x = x / 255.0", "scaling-removed", "x = x\n"),
        (data.scaled_wrong, "x = x / 255", "divided-by-255-to-100", "x = x / 100"),
        (data.scaled_wrong, "x = x / 255", "scaled-around-0", "x = x / 255 * 2 - 1"),
        (data.correlation, "n.convolve(a, k)", "correlation", "n.correlate(a, k)"),
        (data.border, "f(a, mode='nearest')", "zero-border", 'f(a, mode="constant")'),
        (data.array_number, "np.array([[0, 1]])", "array-number", "np.array([[1, 1]])"),
        (answers.comparison, "p == 9", "9-to-8", "p == 8"),
        (answers.comparison, "p == q", "comparison-turned", "p != q"),
        (answers.no_break, "for i in x:\n    break\n", "break-removed", "pass"),
        (answers.argmin, "np.argmax(p, 1)", "argmax-to-argmin", "np.argmin(p, 1)"),
    ],
)
def test_an_operator_makes_its_mistake_and_leaves_python(operator, code, name, left):
    edits = made(operator, code + "\n")
    assert left in edits[name]
    ast.parse(edits[name])


def test_every_operator_is_tried_here():
    tried = {
        mark.args[1][number][0]
        for mark in test_an_operator_makes_its_mistake_and_leaves_python.pytestmark
        for number in range(len(mark.args[1]))
    }
    all_of_them = (networks, training, data, answers)
    assert tried == {one for module in all_of_them for one in module.OPERATORS}


@pytest.mark.parametrize(
    "code", ["x = 1", "Flatten()", "m.summary()", "x / y", "optimizer = 'sgd'"]
)
def test_nothing_is_done_to_what_holds_no_network_and_no_training(code):
    found = [n for one in (*networks.OPERATORS, *training.OPERATORS) for n in made(one, code)]
    assert found == []


def test_the_last_layer_is_never_taken_away():
    left = made(networks.layer_removed, DENSE)
    assert [code for code in left.values() if "softmax" not in code] == []


def test_the_rate_of_an_object_is_changed_as_well():
    code = "m.compile(keras.optimizers.SGD(learning_rate=0.005), loss='mse')"
    assert "SGD(0.05)" in made(training.learning_rate, code)["rate-times-10"]


# -- results ------------------------------------------------------------------------------------

RESULTS = Results(frozenset({"answers", "A", "B"}))


def test_a_result_is_found_under_its_name_alone():
    assert "(7) + 1" in made(RESULTS.wrong_number, "answers['1d'] = 7")["answer-plus-1"]
    assert made(RESULTS.wrong_number, "A = f(x)")["A-plus-1"] == "A = (f(x)) + 1"
    assert made(RESULTS.wrong_number, "other = 7") == {}
    assert made(RESULTS.none, "A = None") == {}


def test_an_answer_is_copied_from_the_next_exercise_and_a_variable_from_its_own():
    work = cells(e1a="answers['1a'] = 1", e1b="A = f(1)\nB = f(2)", e1c="answers['1c'] = 2")
    copied = {
        change.name: change.cells[-1] for e in ("1a", "1b") for change in RESULTS.copied(work, e)
    }
    assert set(copied) == {"answer-copied-from-1c", "A-copied-from-B", "B-copied-from-A"}
    assert "answers['1a'] = answers['1c']" in copied["answer-copied-from-1c"].source
    assert copied["answer-copied-from-1c"].exercise == "1a"


# -- mistakes in several places ---------------------------------------------------------------


def test_an_exercise_is_left_out_only_where_no_other_one_needs_it():
    work = cells(e1a="a = f(1)\nb = 2", e1b="c = a", e1c="d = 1\nprint(d)")
    assert list(answers.left_out(work, "1a")) == []
    (change,) = answers.left_out(work, "1c")
    assert [cell.source for cell in change.cells[:2]] == [cell.source for cell in work[:2]]
    assert "print" not in change.cells[2].source


def test_what_a_later_exercise_trains_further_is_needed():
    work = cells(e1a="m = build()", e1b="m.compile('sgd')", e1c="m.fit(x, y)")
    assert list(answers.left_out(work, "1b")) == []


def test_a_variable_that_is_read_and_then_given_anew_is_needed():
    assert list(answers.left_out(cells(e1a="v = f()", e1b="v = v / 255"), "1a")) == []


def test_a_loop_needs_no_earlier_variable_of_its_name():
    work = cells(e1a="i = 1", e1b="for i in range(3):\n    print(i)")
    assert len(list(answers.left_out(work, "1a"))) == 1


def test_an_equal_network_may_go_on_where_a_new_one_is_asked_for():
    equal = "keras.Sequential([Dense(1)])"
    work = cells(e1a=f"a = {equal}", e1b=f"b = {equal}", e1c="c = keras.Sequential([Dense(2)])")
    changes = [change for e in ("1a", "1b", "1c") for change in training.continued(work, e)]
    assert [change.name for change in changes] == ["goes-on-with-a"]
    assert "b = a" in changes[0].cells[1].source


def test_a_training_is_left_out_only_where_the_network_is_not_asked_later():
    work = cells(e1a="h = m.fit(x, y)", e1b="h = n.fit(x, y)", e1c="n.predict(x)")
    assert [change.name for change in training.fit_missing(work, "1a")] == ["fit-removed"]
    assert list(training.fit_missing(work, "1b")) == []


def test_scaling_is_left_out_everywhere_or_done_twice():
    work = cells(e1b="a = a / 255.0\nb = b / 255.0")
    changed = {change.name: change.cells[0].source for change in data.never_scaled(work, "1b")}
    assert "/" not in changed["never-scaled"]
    assert changed["scaled-twice"].count("/ 255.0 / 255.0") == 2


def test_a_layer_flattens_what_the_student_did_not():
    work = cells(
        e1a="v = x.reshape(-1, 784)", e1c="m = Sequential([keras.Input((784,)), Dense(1)])"
    )
    (change,) = data.flattened_by_a_layer(work, "1a")
    assert "v = x\n" in change.cells[0].source
    assert "keras.Input(x.shape[1:]), keras.layers.Flatten(), Dense(1)" in change.cells[1].source


def test_kernels_and_images_are_swapped_one_by_one_and_all_at_once():
    code = "P = n.convolve(a, k)\nQ = n.convolve(a, l)\nR = n.convolve(b, k)"
    changes = {c.name: c.cells[0].source for c in data.operands_swapped(cells(e2a=code), "2a")}
    assert Counter("swapped" in name for name in changes) == {False: 6, True: 2}
    assert "P = n.convolve(a, l)\nQ = n.convolve(a, l)" in changes["k-to-l-in-P"]
    assert (
        "P = n.convolve(b, k)\nQ = n.convolve(b, l)\nR = n.convolve(a, k)"
        in changes["a-and-b-swapped"]
    )


def test_a_call_over_several_lines_keeps_its_lines():
    code = "m.fit(\n    x,\n    y,\n    epochs=3,\n    verbose=2,\n)"
    assert made(training.epochs, code)["epochs-3-to-1"] == code.replace("=3", "=1")
