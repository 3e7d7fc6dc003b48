"""Print what is known of the reference: facts, published figures, distributions, cutoffs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from rich.console import Console
from rich.table import Table
from rich.text import Text

from graders.describe.measure import score_name
from graders.expectations import Asked, Expectations, Measured
from graders.progress import Steps
from graders.quiet import quiet_imports
from graders.report.words import bound_in_percent
from graders.tolerance import Range
from reference import suite

_DISTRIBUTION = ("min", "median", "max")


def run_reference(policy: suite.Policy, seeds: int, console: Console) -> None:
    """Train each experiment anew, and print everything beside the published figures.

    Args:
        policy: the circumstances.
        seeds: how often to train each experiment now, with the first seeds of the calibration;
            0 shows what is stored.
        console: where to print.

    Raises:
        ExpectationError: there is no reference, or its file is damaged.

    """
    console.print(
        Text(f"Data: {policy.data.name}, {policy.data.source} ({policy.data.fingerprint})")
    )
    planned = suite.plan(policy, seeds, [suite.usual_batch_size(policy.assignment)])
    found = [measured for one in train_shown(policy, planned, console) for measured in one]
    print_report(policy, suite.merged([], found), console)


def train_shown(
    policy: suite.Policy, planned: Sequence[suite.Planned], console: Console, workers: int = 0
) -> Iterator[list[Measured]]:
    """Train what was planned beside a bar that shows how far it is; see `suite.run`."""
    with Steps(console, "trainings", len(planned)) as shown:

        def begin(item: suite.Planned) -> None:
            shown.doing(f"{item.names[0]}, batches of {item.batch_size}")

        for found in suite.run(policy, planned, begin, workers):
            shown.advance()
            yield found


def print_report(policy: suite.Policy, now: Sequence[Measured], console: Console) -> None:
    """Print the facts, each experiment's distribution and cutoff, and what is compared.

    Args:
        policy: the circumstances.
        now: what was measured just now.
        console: where to print.

    """
    stored = suite.stored(policy.assignment)
    _print_facts(policy.assignment, stored, console)
    known = stored.under(policy.cap, policy.device)
    if not any(m.data == policy.data.fingerprint for m in known.measured):
        console.print(
            "Nothing was measured under these circumstances, so accuracies can't be scored. "
            f"Measure: tensormark calibrate {policy.assignment}"
        )
        if not now:
            return
    _print_accuracies(policy, known, now, console)
    _print_comparisons(policy, known, console)
    _print_published(policy, known, console)


def _print_facts(assignment: str, stored: Expectations, console: Console) -> None:
    """Compute the facts anew, and show whether they are those that the checks compare with."""
    with quiet_imports():
        facts = suite.reference_module(assignment).facts()
    table = Table(title="Exact facts", title_justify="left")
    for column in ("fact", "computed now", "checks compare with"):
        table.add_column(column)
    for name, value in facts.items():
        if name.endswith(".layers"):
            continue
        kept = stored.facts.get(name)
        same = "the same" if kept == value else f"{_shown(kept)}: run tensormark calibrate"
        table.add_row(name, _shown(value), same)
    console.print(table)


def _print_accuracies(
    policy: suite.Policy, stored: Expectations, now: Sequence[Measured], console: Console
) -> None:
    for test_set in suite.test_sets(policy.assignment):
        table = _table(
            f"{test_set.capitalize()} accuracy of the reference (risk: that a right solution falls "
            "short three times)",
            left=("", "experiment"),
            right=("batch", *(["now"] if now else []), *_DISTRIBUTION, "seeds", "cutoff", "risk"),
        )
        for row in _accuracies(policy, stored, now, test_set):
            table.add_row(*row)
        console.print(table)


def _accuracies(
    policy: suite.Policy, stored: Expectations, now: Sequence[Measured], test_set: str
) -> Iterator[list[str]]:
    """List for each experiment and batch size what it reaches on a test set."""
    data = policy.data.fingerprint
    fresh = {(m.experiment, m.batch_size): m.accuracies(test_set) for m in now}
    for experiment in suite.reference_module(policy.assignment).EXPERIMENTS:
        sizes = {m.batch_size for m in [*stored.measured, *now] if m.experiment == experiment.name}
        for size in sorted(sizes):
            kept = stored.accuracies(Asked(experiment.name, size, test_set), data)
            here = fresh.get((experiment.name, size), [])
            if not kept and not here:
                continue
            yield [
                experiment.exercise,
                experiment.name,
                str(size),
                *([", ".join(f"{score:.3f}" for score in here)] if now else []),
                *_distribution(kept, "{:.3f}"),
                *_limits(stored.range(experiment.name, data, size, test_set), "{:.3f}"),
            ]


def _print_comparisons(policy: suite.Policy, stored: Expectations, console: Console) -> None:
    table = _table(
        "By how much one is ahead of the other (ahead: share of all pairs)",
        left=("", "comparison"),
        right=("batch", *_DISTRIBUTION, "pairs", "ahead", "cutoff", "risk"),
    )
    data = policy.data.fingerprint
    for one in suite.comparisons(policy.assignment, policy.cap):
        for size in stored.batch_sizes(one.better, data, one.on[0]):
            found = stored.difference(
                (one.better, size, one.on[0]), (one.worse, size, one.on[1]), data
            )
            if found is None or found.outside:
                continue
            ahead = sum(score > 0 for score in found.scores) / len(found.scores)
            table.add_row(
                one.exercise,
                one.title,
                str(size),
                *_distribution(found.scores, "{:+.3f}"),
                f"{ahead:.0%}",
                *_limits(found, "{:+.3f}"),
            )
    if table.rows:
        console.print(table)


def _print_published(policy: suite.Policy, stored: Expectations, console: Console) -> None:
    """Say for each published figure where it lies beside what we have measured."""
    table = _table(
        "Published figures", left=("figure",), right=("published",), last=("in our distribution",)
    )
    for name, figure in suite.published(policy.assignment).items():
        experiment, _, score = name.rpartition(".")
        scores = {
            m.batch_size: [s.train for s in m.scores]
            if score == score_name("train")
            else m.accuracies(score.removesuffix(score_name("")))
            for m in stored.measured
            if m.experiment == experiment and m.data == policy.data.fingerprint
        }
        table.add_row(name, f"{figure:.4g}", _placed(figure, scores))
    if table.rows:
        console.print(table)


def _placed(figure: float, scores: dict[int, list[float]]) -> str:
    """Say inside which distributions a figure lies, or how far from the nearest one."""
    if not scores:
        return "not measured"
    inside = [size for size, found in sorted(scores.items()) if min(found) <= figure <= max(found)]
    if inside:
        return f"inside, with batches of {', '.join(map(str, inside))}"
    distance, size = min(
        (max(min(found) - figure, figure - max(found)), size) for size, found in scores.items()
    )
    where = "above" if figure > max(scores[size]) else "below"
    return f"outside: {distance:.3f} {where} the nearest, with batches of {size}"


def _table(
    title: str, left: Sequence[str], right: Sequence[str], last: Sequence[str] = ()
) -> Table:
    table = Table(title=title, title_justify="left")
    for column in left:
        table.add_column(column)
    for column in right:
        table.add_column(column, justify="right")
    for column in last:
        table.add_column(column)
    return table


def _distribution(scores: Sequence[float], form: str) -> list[str]:
    if not scores:
        return ["", "", "", "0"]
    figures = [form.format(one) for one in (min(scores), median(scores), max(scores))]
    return [*figures, str(len(scores))]


def _limits(found: Range | None, form: str) -> list[str]:
    if found is None:
        return ["none", ""]
    return [form.format(found.low), bound_in_percent(found.chance)]


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "\n".join(" ".join(f"{n:2d}" for n in row) for row in value)
    return f"{value:,}" if isinstance(value, int) else str(value)
