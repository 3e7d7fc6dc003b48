"""Run the reference suite and print facts, measured and published figures side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from graders.assignment import Assignment
from graders.errors import ExpectationError
from graders.expectations import Expectations, Measured, summarize
from graders.progress import bars
from graders.quiet import quiet_imports
from graders.training.request import Cap
from reference import suite
from reference.datasets import DataSet, locate
from reference.datasets.sources import Choice

_SAVED_EVERY = 8


def run_reference(
    assignment: Assignment,
    seeds: int,
    data_choice: Choice,
    console: Console,
    *,
    save: bool,
    capped: bool = False,
) -> None:
    """Compute the facts, train the experiments, and print them beside the published figures.

    Args:
        assignment: the sheet.
        seeds: how often to train each experiment now, seeds 0 to seeds - 1; 0 shows what is stored.
        data_choice: which data to train on.
        console: where to print.
        save: measure every batch size that the checks need, and keep facts and scores.
        capped: train within the bounds of `--training capped`.

    Raises:
        ExpectationError: nothing is stored and nothing was measured, or saving failed.

    """
    with quiet_imports():
        import keras  # noqa: F401 - everything below needs it; here it can be quiet
    data = locate(assignment.data_sets[0], data_choice)
    console.print(Text(f"Data: {data.name}, {data.source} ({data.fingerprint})"))
    cap = assignment.training.cap if capped else None
    if cap is not None:
        console.print(f"Each training: at most {cap.epochs} epochs on {cap.samples:,} items.")
    measured = _measure(assignment.id, data, seeds, console, cap, save=save) if seeds else []
    if save:
        suite.save(assignment.id, data, measured)
    stored = _stored(assignment.id)
    _print_facts(assignment.id, stored, console)
    _print_accuracies(assignment.id, stored.under(cap), data, measured, console)


def _measure(
    assignment: str, data: DataSet, seeds: int, console: Console, cap: Cap | None, *, save: bool
) -> list[Measured]:
    planned = suite.plan(assignment, seeds, all_batch_sizes=save)
    # All experiments with one seed first, so that an interrupted run is useful.
    planned.sort(key=lambda item: item.seed)
    found: list[Measured] = []
    with bars(console) as shown:
        task = shown.add_task("training", total=len(planned))

        def begin(item: suite.Planned) -> None:
            name = f"{item.experiment.name}, batches of {item.batch_size}, seed {item.seed}"
            shown.update(task, description=name)

        for measured in suite.run(assignment, data, planned, begin, cap):
            found.append(measured)
            shown.advance(task)
            if save and len(found) % _SAVED_EVERY == 0:
                suite.save(assignment, data, found)
    return suite.merged([], found)


def _stored(assignment: str) -> Expectations:
    try:
        return Expectations.load(assignment)
    except ExpectationError:
        return Expectations(assignment=assignment)


def _print_facts(assignment: str, stored: Expectations, console: Console) -> None:
    """Compute the facts anew, and show whether they are those that the checks compare with."""
    facts = suite.reference_module(assignment).facts()
    table = Table(title="Exact facts", title_justify="left")
    for column in ("fact", "computed now", "checks compare with"):
        table.add_column(column)
    for name, value in facts.items():
        if name.endswith(".layers"):
            continue
        kept = stored.facts.get(name)
        same = "the same" if kept == value else f"{_shown(kept)}: run with --save"
        table.add_row(name, _shown(value), same)
    console.print(table)


def _print_accuracies(
    assignment: str,
    stored: Expectations,
    data: DataSet,
    measured: Sequence[Measured],
    console: Console,
) -> None:
    now = {(m.experiment, m.batch_size): summarize(m) for m in measured}
    kept = {
        (m.experiment, m.batch_size): summarize(m)
        for m in stored.measured
        if m.data == data.fingerprint
    }
    table = Table(
        title="Test accuracy (mean ± standard deviation over seeds)", title_justify="left"
    )
    for column in ("exercise", "experiment", "batch", "published", "now", "stored", "accepted"):
        table.add_column(
            column, justify="right" if column not in {"exercise", "experiment"} else "left"
        )
    order = [(e.name, e.exercise) for e in suite.reference_module(assignment).EXPERIMENTS]
    published = suite.published(assignment)
    for name, exercise in order:
        sizes = sorted({size for key, size in [*now, *kept] if key == name})
        for size in sizes:
            here, there = now.get((name, size)), kept.get((name, size))
            figure = published.get(f"{name}.test_accuracy")
            table.add_row(
                exercise,
                name,
                str(size),
                f"{figure:.3f}" if figure is not None else "",
                f"{here.mean:.3f} ± {here.spread:.3f} ({here.seeds})" if here else "",
                f"{there.mean:.3f} ± {there.spread:.3f} ({there.seeds})" if there else "",
                f"from {there.low:.3f}" if there else "",
            )
    console.print(table)
    if not kept:
        console.print(
            "Nothing is stored for these data, so accuracies can't be scored on them. "
            f"Measure: tensormark reference {assignment} --seeds 5 --save"
        )


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "\n".join(" ".join(f"{n:2d}" for n in row) for row in value)
    return f"{value:,}" if isinstance(value, int) else str(value)
