from __future__ import annotations

import ast
import json

import pytest

from graders.audit import rewrite
from graders.audit.cells import as_notebook, as_script, read_solution, unified_diff, without_labels
from graders.audit.rename import one_name, renamed
from graders.audit.variants import variants_of
from graders.submission import read_cells

from .conftest import cells

NETWORK = "m = keras.Sequential([keras.Input((4,)), L.Dense(2, activation='relu'), L.Dense(3)])"


def written(form, code):
    (cell,) = form(cells(e1c=code))
    ast.parse(cell.source)
    return cell.source


@pytest.mark.parametrize(
    ("form", "code", "found"),
    [
        (rewrite.functional, NETWORK, "x = L.Dense(3)(x)\nm = keras.Model(inputs, x)"),
        (rewrite.with_add, NETWORK, "m.add(L.Dense(2, activation='relu'))\nm.add(L.Dense(3))"),
        (rewrite.with_activations, NETWORK, "L.Dense(2), L.Activation('relu'), L.Dense(3)"),
        (rewrite.with_epoch_loop, "h = m.fit(x, y, epochs=3)", "in range(3):\n    h = m.fit("),
        (rewrite.in_batches(32), "m.fit(x, y, batch_size=64)", "batch_size=32"),
        (rewrite.in_batches(None), "m.fit(x, y, batch_size=64)", "m.fit(x, y)"),
        (rewrite.with_objects, "m.compile(optimizer='sgd')", "keras.optimizers.SGD()"),
        (rewrite.with_objects, "m.compile(loss='mean_squared_error')", "MeanSquaredError()"),
        (rewrite.as_float64, "x = y.astype('float32') / 255.0", 'y.astype("float64") / 255.0'),
        (rewrite.from_tensorflow, "import keras\nk = keras.Input(3)", "k = tf.keras.Input(3)"),
        (
            rewrite.from_tensorflow,
            "from keras import layers",
            "from tensorflow.keras import layers",
        ),
        (
            rewrite.one_hot,
            "m.fit(x, y, validation_data=(a, b))",
            "m.fit(x, keras.utils.to_categorical(y), "
            "validation_data=(a, keras.utils.to_categorical(b)))",
        ),
        (
            rewrite.one_hot,
            "m.compile(loss='sparse_categorical_crossentropy')",
            'loss="categorical_crossentropy"',
        ),
        (
            rewrite.with_evaluate,
            "m.fit(x, y, validation_data=(a, b))",
            "m.evaluate(*(a, b), verbose=0)",
        ),
        (
            rewrite.with_loop,
            "m = keras.Sequential([I((4,)), L.Dense(2, 'relu'), L.Dense(3, 'softmax')])",
            "for units, activation in [(2, 'relu'), (3, 'softmax')]:",
        ),
    ],
)
def test_a_form_is_written_as_python(form, code, found):
    assert found in written(form, code)


def test_helpers_stand_behind_the_imports_and_take_over():
    work = rewrite.with_helpers(cells(e1a="import keras", e1c=NETWORK, e1f="h = m.fit(x, y)"))
    assert "def build" in work[1].source
    assert (
        "m = build(keras.Input((4,)), L.Dense(2, activation='relu'), L.Dense(3))" in work[2].source
    )
    assert "h = train(m, x, y)" in work[3].source


def test_results_are_given_as_lists_and_texts_and_others_are_left():
    results = frozenset({"answers", "K", "n"})
    code = "answers['1d'] = 8070\nK = f(x)\nn = int(3)\nother = f(x)\n"
    (lists,) = rewrite.results_as_lists(cells(e1d=code), results)
    (texts,) = rewrite.answers_as_texts(cells(e1d=code), results)
    assert "K = f(x).tolist()\nn = int(3)\nother = f(x)\n" in lists.source
    assert "answers['1d'] = format(8070, \",\")\nK = f(x)\n" in texts.source


def test_other_names_are_the_same_everywhere_and_results_keep_theirs():
    work = cells(
        e1a="import numpy as np\nx = np.zeros(3)", e1b="def f(x):\n    return g(x=x).x\nKx = f(x)"
    )
    first, second = (cell.source for cell in renamed(work, frozenset({"Kx"})))
    assert "import numpy as n_2\nx_3 = n_2.zeros(3)" in first
    assert "def f_1(x_3):\n    return g(x=x_3).x\nKx = f_1(x_3)" in second


def test_all_networks_and_histories_share_a_name():
    work = cells(e1c="a = keras.Sequential()\nh = a.fit(1)", e1h="b = keras.Sequential()\nb.fit(a)")
    assert "model = keras.Sequential()\nhistory = model.fit(1)" in one_name(work)[0].source
    assert "model.fit(model)" in one_name(work)[1].source


def test_variants_of_the_reference_differ_and_are_python(solution, plan):
    variants = list(variants_of(solution, frozenset(plan.spec.results)))
    scripts = [one.text for one in variants if one.file_name.endswith(".py")]
    assert len({one.text for one in variants}) == len({one.id for one in variants}) == len(variants)
    for script in scripts:
        ast.parse(script)
    for one in variants:
        if one.file_name.endswith(".ipynb"):
            for cell in json.loads(one.text)["cells"]:
                if cell["cell_type"] == "code":
                    ast.parse("".join(cell["source"]))


def test_script_and_notebook_hold_the_labels_that_the_solution_has(sheet, solution):
    ids = {exercise.id for exercise in sheet.exercises}
    labels = [cell.exercise for cell in solution]
    assert [c.exercise for c in read_cells("a.py", as_script(solution).encode(), ids)] == labels
    assert [
        c.exercise for c in read_cells("a.ipynb", as_notebook(solution).encode(), ids)
    ] == labels


def test_no_label_is_left_where_none_is_wanted(sheet, solution):
    ids = {exercise.id for exercise in sheet.exercises}
    text = without_labels(solution)
    assert {cell.exercise for cell in read_cells("a.py", text.encode(), ids)} == {None}


def test_every_automatic_exercise_has_a_cell_of_its_own(sheet, solution):
    labelled = {cell.exercise for cell in solution if cell.is_code}
    assert {e.id for e in sheet.exercises if e.automatic_points} <= labelled


def test_a_solution_is_read_as_it_is_written(sheet, solution, tmp_path):
    path = tmp_path / "again.py"
    path.write_text(as_script(solution), encoding="utf-8")
    assert unified_diff(solution, read_solution(path, sheet)) == ""
