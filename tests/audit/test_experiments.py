from __future__ import annotations

import libcst as cst
import pytest

from graders.assignment import load_assignment
from graders.audit import experiments
from graders.audit.edits import Operator
from graders.audit.plan import make_plan
from graders.audit.syntax import walk

from .conftest import cells

GENERATOR = "g = ImageDataGenerator(rotation_range=20, fill_mode='constant')"
FLOW = "m.fit(g.flow(x, y, batch_size=32), epochs=13)"
SWEEP = """for rate in rates:
    network = build(64)
    network.compile(rate)
    network.fit(x, y)
"""


def made(operator: Operator, code: str) -> dict[str, str]:
    """Every edit of an operator: its name, and the code that it leaves."""
    module = cst.parse_module(code)
    return {e.name: e.on(module).code for node in walk(module) for e in operator(node)}


@pytest.mark.parametrize(
    ("operator", "code", "name", "left"),
    [
        (experiments.sweep_shortened, "r = [1.0, 0.1, 0.01]", "r-without-last", "[1.0, 0.1, ]"),
        (experiments.generator_setting, GENERATOR, "fill_mode-removed", "(rotation_range=20)"),
        (experiments.generator_setting, GENERATOR, "rotation_range-times-3", "range=3 * 20"),
        (experiments.source_halved, FLOW, "flow-halved", "g.flow(x[::2], y[::2], batch_size=32)"),
        (experiments.steps_asked_for, FLOW, "steps-in-one-epoch", "epochs=1, steps_per_epoch=4000"),
        (experiments.other_score, "p.plot(h['loss'])", "loss-to-accuracy", 'p.plot(h["accuracy"])'),
        (experiments.label_missing, "plt.legend()", "legend-removed", "None"),
        (experiments.weights_alone, "m.save('m.keras')", "optimizer-not-saved", "optimizer=False)"),
    ],
)
def test_an_operator_makes_its_mistake(operator, code, name, left):
    edits = made(operator, code)

    assert left in edits[name]


@pytest.mark.parametrize(
    ("operator", "code"),
    [
        (experiments.sweep_shortened, "r = [1.0, 0.1]"),
        (experiments.sweep_shortened, "r = ['a', 'b', 'c']"),
        (experiments.source_halved, "layer.flow()"),
        (experiments.steps_asked_for, "m.fit(x, y, epochs=13)"),
        (experiments.other_score, "print(h['loss'])"),
        (experiments.weights_alone, "np.save('x.npy', x)"),
    ],
)
def test_an_operator_leaves_other_code_alone(operator, code):
    assert made(operator, code) == {}


def test_a_network_that_is_not_rebuilt_is_built_before_its_sweep():
    (change,) = experiments.not_rebuilt(cells(e1a=SWEEP), "1a")

    code = change.cells[0].source
    assert change.name == "not-rebuilt"
    assert code.index("network = build(64)\nfor rate") < code.index("    network.compile")


def test_the_network_in_memory_stands_in_for_one_that_is_not_loaded():
    work = cells(e1a="m.save('m.keras')", e2a="n = keras.models.load_model('m.keras')")

    (change,) = experiments.not_loaded(work, "2a")

    assert "n = m\n" in change.cells[1].source


def test_the_second_sheet_s_mutants_have_these_mistakes_among_them():
    names = {mutant.id for mutant in make_plan(load_assignment("fashion_training")).mutants}

    assert {"1a-not-rebuilt", "1a-rates-without-last", "3a-fill_mode-removed"} <= names
    assert {"1b-legend-removed-first", "3b-optimizer-not-saved", "3e-steps-in-one-epoch"} <= names
