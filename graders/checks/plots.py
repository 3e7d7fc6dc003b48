"""What check authors assert about plots: by what they show, whichever way they were drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from graders.checks.curves import Curve, Drawn, WantedCurve, curves_of, find_curves, fit, numbers_in
from graders.checks.outcome import CheckFailed, NotAttempted, attach
from graders.checks.series import Series
from graders.recording import RecordingFolder
from graders.result import PlotEvidence, PlotPanel, PlottedCurve

# What the feedback shows of a plot.
_CURVES = 12
_PANELS = 6
_POINTS = 60
_CATEGORIES = 30
_EXPLAINED = 3
_TEXT = 200


def assert_curves(
    recording: RecordingFolder, wanted: Sequence[WantedCurve], *, what: str, hint: str = ""
) -> list[Drawn]:
    """Assert that each wanted curve is drawn: in any figure, order and way.

    Args:
        recording: its figures are looked at.
        wanted: the curves; values may be in percent and rounded to two decimals.
        what: all of them in words, such as "the accuracy by epoch, for each learning rate".
        hint: one thing to try.

    Returns:
        The curves that were found, in the order of `wanted`; `assert_labelled` takes them.

    Raises:
        NotAttempted: nothing was plotted at all, or no curve has a candidate.
        CheckFailed: curves are missing; says which, and what was drawn instead. Worth the share
            that was found. Where all that are missing have no candidates and name exercises
            that paid for that, and others are drawn, it follows from those.

    """
    curves = curves_of(recording)
    if not curves:
        pictures = bool(recording.data.figures)
        raise NotAttempted(
            "The figures hold pictures, but no curve." if pictures else "No figure was drawn.",
            expected=what,
            found="no curve in any figure" if pictures else "no figure",
            hint=hint or "Draw it with plt.plot() or in another way, and show it with plt.show().",
        )
    found = find_curves(curves, wanted)
    drawn = [one for one in found if one is not None]
    missing = [one for one, place in zip(wanted, found, strict=True) if place is None]
    _attach(what, curves, drawn, [one.name for one in missing])
    if not missing:
        return drawn
    if not any(one.series for one in wanted):
        raise NotAttempted(
            "There is no training whose values could be drawn.",
            expected=what,
            found=f"{len(curves)} curve{'s' if len(curves) > 1 else ''} of something else",
            where=_places(curves),
            hint="Mend the trainings first; then plot what they have reached.",
        )
    left = [c for c in curves if not any(_is_part(c, one.curve) for one in drawn)]
    reasons = [_reason(one, left) for one in missing[:_EXPLAINED]]
    # Who has drawn nothing of all that there was has not drawn it, whatever else is missing.
    paid = bool(drawn) and all(one.follows_from and not one.series for one in missing)
    where = _places([one.curve for one in drawn] or curves)
    raise CheckFailed(
        " ".join([_count(missing, len(wanted)), *filter(None, reasons)]),
        expected=what,
        found=f"{len(drawn)} of {len(wanted)} curves"
        + (f", and {len(left)} other{'s' if len(left) > 1 else ''}" if left else ""),
        where=where,
        hint=hint or _hint(missing),
        follows_from=tuple(dict.fromkeys(e for one in missing for e in one.follows_from))
        if paid
        else (),
        credit=len(drawn) / len(wanted),
    )


def assert_labelled(drawn: Sequence[Drawn], *, what: str, hint: str = "") -> None:
    """Assert that curves can be told apart, and that their axes say what they show.

    A legend, titles of subplots, or annotations tell curves apart. An x axis needs a label, its
    own or one that it shares; a y axis a label, or a title that speaks for it.

    Args:
        drawn: what `assert_curves` or `find_curves` has found.
        what: the curves in words.
        hint: one thing to try.

    Raises:
        NotAttempted: there is no curve to look at.
        CheckFailed: names what is missing, figure by figure; worth what is there.

    """
    curves = [one.curve for one in drawn]
    if not curves:
        raise NotAttempted(
            "None of the curves was found, so there are no labels to look at.",
            expected=what,
            found="no curve",
            hint=hint or "Draw the curves first.",
        )
    _attach(what, curves, drawn, [])
    panels: dict[tuple[int, int], list[Curve]] = defaultdict(list)
    for curve in curves:
        panels[curve.panel].append(curve)
    firsts = [group[0] for group in panels.values()]
    problems = {
        "apart": [*map(_mixed_up, panels.values()), _panels_mixed_up(list(panels.values()))],
        "x": [_unless(c.xlabel, c, "the x axis has no label") for c in firsts],
        "y": [
            _unless(c.ylabel or c.title or c.suptitle, c, "nothing says what the y axis shows")
            for c in firsts
        ],
    }
    said = [sentence for sentences in problems.values() for sentence in sentences if sentence]
    if not said:
        return
    right = sum(not any(sentences) for sentences in problems.values())
    raise CheckFailed(
        " ".join(said[:_EXPLAINED]),
        expected=f"{what}, with a label on each axis"
        + (" and a legend that names each curve" if len(curves) > 1 else ""),
        found=f"{len(said)} thing{'s' if len(said) > 1 else ''} missing",
        where=_places(curves),
        hint=hint or _label_hint(problems),
        credit=right / len(problems),
    )


def _count(missing: Sequence[WantedCurve], of: int) -> str:
    names = [one.name for one in missing]
    if len(names) == 1:
        return f"The curve of {names[0]} is missing."
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{'All' if len(names) == of else f'{len(names)} of {of}'} curves are missing: {listed}."


def _reason(wanted: WantedCurve, left: Sequence[Curve]) -> str:
    """Say what became of a curve that isn't found, if it can be told; else nothing."""
    name = wanted.name[:1].upper() + wanted.name[1:]
    if not wanted.series:
        return f"{name}: there is no training whose values could be drawn."
    for other in wanted.mistaken:
        if curve := _shown(other, left):
            return f"{name}: {curve.where} shows {other.name} instead."
    errors = replace(wanted, candidates=[_errors(series) for series in wanted.series])
    if wanted.metric == "accuracy" and (curve := _shown(errors, left)):
        return f"{name}: {curve.where} shows the error rate, 1 minus the accuracy, instead."
    if curve := next((c for c in left if _is_piece(c, wanted)), None):
        count = len(wanted.series[0])
        return f"{name}: in {curve.where} only {len(curve.y)} of its {count} values are drawn."
    if curve := next((c for c in left if _is_called(c, wanted.name)), None):
        source = "its History" if wanted.x is None else "those trainings"
        return f"{name} is drawn in {curve.where}, but its values aren't those of {source}."
    return ""


def _shown(wanted: WantedCurve, curves: Sequence[Curve]) -> Curve | None:
    return next((curve for curve in curves if fit(curve, wanted)), None)


def _errors(series: Series) -> Series:
    return tuple(None if value is None else 1 - value for value in series)


def _is_piece(curve: Curve, wanted: WantedCurve) -> bool:
    """Tell whether a curve shows the first values only, or the last."""
    size = len(curve.y)
    pieces = [
        replace(wanted, candidates=[series[part]], x=wanted.x and wanted.x[part])
        for series in wanted.series
        if 2 <= size < len(series)
        for part in (slice(size), slice(-size, None))
    ]
    return any(fit(curve, piece) for piece in pieces)


def _is_called(curve: Curve, name: str) -> bool:
    """Tell whether a curve's label says all the numbers of a name, or the name itself."""
    label = curve.label or curve.title
    numbers = set(numbers_in(name))
    if not label:
        return False
    return numbers <= set(numbers_in(label)) if numbers else label.casefold() in name.casefold()


def _is_part(curve: Curve, drawn: Curve) -> bool:
    """Tell whether a plotted curve is the one that was found, or was taken up by it."""
    if curve.panel != drawn.panel:
        return False
    points = set(zip(drawn.x, drawn.y, strict=True))
    return curve == drawn or set(zip(curve.x, curve.y, strict=True)) <= points


def _hint(missing: Sequence[WantedCurve]) -> str:
    if all(not one.series for one in missing):
        return "Train these networks first, and keep the History that fit() returns."
    if all(one.x is None for one in missing):
        return "Keep what each fit() returns, and plot its history['accuracy'] or 'val_accuracy'."
    return "Collect the value of each training in a list, and plot it against the quantity."


# -- labels ---------------------------------------------------------------------------------


def _mixed_up(group: Sequence[Curve]) -> str:
    """Say why curves of the same axes can't be told apart; nothing if they can."""
    first, count = group[0], len(group)
    legend, texts = _distinct(first.legend), _distinct(first.texts)
    if count == 1 or len(legend) >= count or len(texts) >= count:
        return ""
    labels = _distinct(curve.label for curve in group)
    if len(labels) == count and not legend:
        return f"{_in(first)} the curves have labels, but no legend shows them."
    if legend:
        return f"{_in(first)} the legend tells {len(legend)} of {count} curves apart."
    return f"{_in(first)} nothing tells the {count} curves apart."


def _panels_mixed_up(groups: Sequence[Sequence[Curve]]) -> str:
    """Say where nothing tells one pair of axes from another."""
    seen: dict[tuple[str, ...], Curve] = {}
    for group in groups:
        first = group[0]
        named = [first.title, first.suptitle, first.ylabel, *first.legend, *first.texts]
        key = tuple(sorted(_distinct(named)))
        if len(groups) > 1 and key in seen:
            return f"{_in(first)} nothing tells these axes from those in {seen[key].where}."
        seen[key] = first
    return ""


def _unless(text: str, curve: Curve, problem: str) -> str:
    return "" if text else f"{_in(curve)} {problem}."


def _label_hint(problems: dict[str, list[str]]) -> str:
    calls = {
        "apart": "plt.plot(..., label='...') and plt.legend()",
        "x": "plt.xlabel('...')",
        "y": "plt.ylabel('...')",
    }
    needed = [call for name, call in calls.items() if any(problems[name])]
    return f"Add {', '.join(needed)}."


def _distinct(texts: Iterable[str]) -> set[str]:
    return {text.casefold() for text in texts if text}


def _in(curve: Curve) -> str:
    return f"In {curve.where}"


def _places(curves: Iterable[Curve]) -> str:
    places = list(dict.fromkeys(curve.where for curve in curves))
    shown = ", ".join(places[:_EXPLAINED])
    return shown + (f" and {len(places) - _EXPLAINED} more" if len(places) > _EXPLAINED else "")


# -- evidence -------------------------------------------------------------------------------


def _attach(
    what: str, curves: Sequence[Curve], drawn: Sequence[Drawn], missing: Sequence[str]
) -> None:
    """Show what was recognised, and beside it what else was plotted, as far as there is room."""
    recognised = [(one.curve, one.wanted.name) for one in drawn]
    panels = {curve.panel for curve, _ in recognised}
    others = [
        (curve, "") for curve in curves if not any(_is_part(curve, one.curve) for one in drawn)
    ]
    if not missing:
        others = [(curve, "") for curve, _ in others if curve.panel in panels]
    groups: dict[tuple[int, int], list[tuple[Curve, str]]] = defaultdict(list)
    shown = 0
    for curve, name in [*recognised, *others]:
        known = curve.panel in groups or len(groups) < _PANELS
        if shown < _CURVES and known:
            groups[curve.panel].append((curve, name))
            shown += 1
    attach(
        PlotEvidence(
            title=what,
            panels=[_panel(group) for _, group in sorted(groups.items())],
            missing=[name[:_TEXT] for name in missing[:_CURVES]],
            left_out=len(recognised) + len(others) - shown,
        )
    )


def _panel(group: Sequence[tuple[Curve, str]]) -> PlotPanel:
    first = group[0][0]
    title = " - ".join(_distinct_in_order([first.suptitle, first.title]))
    ticks = {
        round(place): text
        for curve, _ in group
        for place, text in zip(curve.x, curve.categories, strict=False)
        if place is not None and text and 0 <= place < _CATEGORIES
    }
    return PlotPanel(
        title=f"Figure {first.where.removeprefix('figure ')}" + (f": {title}" if title else ""),
        xlabel=first.xlabel,
        ylabel=first.ylabel,
        categories=dict(islice(sorted(ticks.items()), _CATEGORIES)),
        curves=[_plotted(curve, name) for curve, name in group],
    )


def _plotted(curve: Curve, name: str) -> PlottedCurve:
    size = len(curve.y)
    step = max(1, (size - 1) / (_POINTS - 1)) if size > 1 else 1
    kept = [round(i * step) for i in range(min(size, _POINTS))]
    if curve.kind != "line":
        kept.sort(key=_by_place(curve))
    return PlottedCurve(
        label=curve.label,
        shape=curve.kind,
        x=[curve.x[i] for i in kept],
        y=[curve.y[i] for i in kept],
        recognised=name[:_TEXT],
    )


def _by_place(curve: Curve) -> Callable[[int], float]:
    def place_of(i: int) -> float:
        place = curve.x[i]
        return float("inf") if place is None else place

    return place_of


def _distinct_in_order(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
