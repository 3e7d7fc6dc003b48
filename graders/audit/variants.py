"""Correct variants of a solution: other names, forms and habits, which must cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graders.audit import rewrite
from graders.audit.cells import Cells, as_notebook, as_script, without_labels
from graders.audit.rename import one_name, renamed

Rewrite = Callable[[Cells], Cells]


@dataclass(frozen=True)
class Variant:
    """A solution that is as right as the reference."""

    id: str
    about: str
    text: str
    file_name: str = "work.py"


def variants_of(cells: Cells, results: frozenset[str]) -> Iterator[Variant]:
    """Write a solution in every way that must keep full marks.

    Args:
        cells: the reference solution.
        results: names that checks read, which stay as they are.

    """

    def other_names(solution: Cells) -> Cells:
        return renamed(solution, results)

    def as_lists(solution: Cells) -> Cells:
        return rewrite.results_as_lists(solution, results)

    def as_texts(solution: Cells) -> Cells:
        return rewrite.answers_as_texts(solution, results)

    single: list[tuple[str, str, Rewrite]] = [
        ("other-names", "every variable and every import has another name", other_names),
        ("one-name", "all networks share one name, and so do their histories", one_name),
        ("functional", "networks are functional models", rewrite.functional),
        ("add", "layers are added one by one", rewrite.with_add),
        ("layer-loop", "layers are added in a loop", rewrite.with_loop),
        ("helpers", "functions build, compile and train the networks", rewrite.with_helpers),
        ("epoch-loop", "each epoch is a call of fit of its own", rewrite.with_epoch_loop),
        ("tf-keras", "Keras is taken from TensorFlow", rewrite.from_tensorflow),
        ("one-hot", "labels are one-hot, with the loss that goes with them", rewrite.one_hot),
        ("default-batches", "no batch size is given, so that it is 32", rewrite.in_batches(None)),
        ("batches-128", "batches of 128", rewrite.in_batches(128)),
        ("objects", "optimizers and losses are objects, not texts", rewrite.with_objects),
        ("activation-layers", "activations are layers of their own", rewrite.with_activations),
        ("float64", "pixels are scaled as float64", rewrite.as_float64),
        ("evaluate", "every network is evaluated after its training", rewrite.with_evaluate),
        ("answers-as-texts", "answers are texts such as '8,070'", as_texts),
        ("results-as-lists", "arrays of results are nested lists", as_lists),
    ]
    yield Variant("script", "the reference solution as a script", as_script(cells))
    yield _notebook("notebook", "the reference solution as a notebook", cells)
    yield Variant(
        "no-labels", "a script without marks and labels of exercises", without_labels(cells)
    )
    for name, about, one in single:
        yield Variant(name, about, as_script(one(cells)))
    known = {name: one for name, _, one in single}
    for names in _TOGETHER:
        changed = cells
        for name in names:
            changed = known[name](changed)
        joined = "+".join(names)
        yield _notebook(f"notebook+{joined}", "several of these at once", changed)
    for names in _WITHOUT_LABELS:
        changed = cells
        for name in names:
            changed = known[name](changed)
        about = "several of these at once, without labels"
        yield Variant(f"no-labels+{'+'.join(names)}", about, without_labels(changed))


# In this order, because some forms are no longer found when another one has been at work.
_TOGETHER = (
    ("functional", "other-names"),
    ("activation-layers", "add", "one-name"),
    ("one-hot", "float64", "helpers", "other-names"),
    ("evaluate", "batches-128", "layer-loop"),
    ("objects", "functional", "tf-keras"),
    ("answers-as-texts", "results-as-lists", "epoch-loop"),
)
_WITHOUT_LABELS = (
    ("one-name", "other-names"),
    ("one-hot", "functional"),
    ("helpers", "objects"),
)


def _notebook(name: str, about: str, cells: Cells) -> Variant:
    return Variant(name, about, as_notebook(cells), "work.ipynb")
