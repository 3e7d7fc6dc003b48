"""Students' plots, drawn again in the feedback."""

from __future__ import annotations

import io
import math
from itertools import pairwise

import pytest
from rich.console import Console

from graders.report import print_result, render_html, render_markdown
from graders.report.plots import in_short, panels, sentence
from graders.result import PlotEvidence, PlotPanel, PlottedCurve, Result
from tests.builders.hostile import HOSTILE
from tests.builders.results import exercise, lost, of_fashion_cnn

from .pages import PageReader


def curve(*y: float | None, x: list[float | None] | None = None, **more) -> PlottedCurve:
    places = x if x is not None else [float(i) for i in range(len(y))]
    return PlottedCurve(x=places, y=list(y), **more)


def panel(*curves: PlottedCurve, **more) -> PlotPanel:
    return PlotPanel(**{"title": "Figure 1 (cell 3)", "curves": list(curves)} | more)


def plot(*shown: PlotPanel, **more) -> PlotEvidence:
    return PlotEvidence(title="the accuracy by epoch", panels=list(shown), **more)


FAST = curve(0.51, 0.64, 0.7, label="lr=0.1", recognised="the learning rate 0.1")
OTHER = curve(0.3, 0.3, 0.3)


def page_of(evidence: PlotEvidence) -> Result:
    check = lost("1f", "Plot it", message="A curve is missing.", evidence=[evidence])
    return of_fashion_cnn("x", exercise("1f", "Plot it", check))


def inside(view) -> bool:
    places = [place for one in view.curves for place in (*one.marks, one.end) if place]
    return all(
        math.isfinite(x + y) and 0 <= x <= view.frame.width and -0.1 <= y <= view.frame.height
        for x, y in places
    )


def test_what_was_recognised_has_a_colour_and_the_rest_stays_behind():
    (view,) = panels(plot(panel(FAST, OTHER)))
    assert [(c.number, c.style, c.name, c.shows) for c in view.curves] == [
        (1, "curve-1", "lr=0.1", "the learning rate 0.1"),
        (2, "other", "without a label", "not recognised"),
    ]


def test_curves_are_counted_through_all_axes_and_more_than_six_are_dashed():
    views = panels(plot(*[panel(FAST)] * 8))
    assert [view.curves[0].number for view in views] == list(range(1, 9))
    assert views[6].curves[0].style == "curve-1 dashed"


def test_a_gap_stays_a_gap_and_points_are_not_joined():
    (view,) = panels(plot(panel(curve(0.1, None, 0.3), curve(0.1, 0.2, shape="points"))))
    assert view.curves[0].path.count("M") == 2
    assert view.curves[1].path == ""
    assert len(view.curves[1].marks) == 2


def test_bars_stand_on_zero_and_carry_the_texts_of_their_places():
    bars = curve(0.5, 0.7, shape="bars")
    (view,) = panels(plot(panel(bars, categories={0: "1000", 1: "60000"})))
    floor = view.frame.height - view.frame.bottom
    assert [round(y + height, 6) for _, y, _, height in view.curves[0].bars] == [floor, floor]
    assert [tick.label for tick in view.x_ticks] == ["1000", "60000"]


def test_a_wide_quantity_has_a_logarithmic_axis():
    (view,) = panels(plot(panel(curve(0.5, 0.7, 0.9, x=[100.0, 1000.0, 10_000.0]))))
    first, middle, last = (x for x, _ in view.curves[0].marks)
    assert middle - first == pytest.approx(last - middle)
    assert [tick.label for tick in view.x_ticks] == ["100", "1,000", "10,000"]


def test_epochs_have_whole_ticks():
    (view,) = panels(plot(panel(FAST)))
    assert [tick.label for tick in view.x_ticks] == ["0", "1", "2"]


def test_numbers_at_the_ends_of_close_curves_stand_apart():
    (view,) = panels(plot(panel(*[FAST] * 6)))
    heights = sorted(c.end[1] for c in view.curves)
    assert all(b - a >= 10 for a, b in pairwise(heights))


@pytest.mark.parametrize(
    "one",
    [
        curve(),
        curve(None, None),
        curve(1e308, -1e308, x=[-1e308, 1e308]),
        curve(0.5, x=[5e-324]),
        curve(0.5, 0.6, x=[0.0, 5e-324]),
        curve(0.5, 0.6, x=[1e-300, 1e29]),
        curve(0.5, 0.6, x=[1e29, 1.0000000000000001e29]),
        curve(1e-320, 2e-320, shape="bars"),
        curve(-1e29, 1e29, shape="bars"),
        curve(*[0.1] * 60, shape="bars"),
        PlottedCurve(x=[1.0], y=[1.0, 2.0]),
    ],
)
def test_extreme_values_stay_inside_the_frame(one):
    (view,) = panels(plot(panel(one, FAST)))
    assert inside(view)
    assert len(view.x_ticks) <= 12


def test_the_same_is_said_in_words():
    evidence = plot(panel(FAST, OTHER), missing=["the learning rate 0.01"], left_out=3)
    said = "Recognised: 1 of 2 curves. Missing: the learning rate 0.01. "
    assert sentence(evidence) == said + "Not shown here: 3 further curves."
    assert "Recognised lr=0.1 as the learning rate 0.1." in in_short(evidence)
    assert "Not recognised: without a label." in in_short(evidence)


def test_a_page_draws_the_plot_without_anything_from_elsewhere():
    page = render_html(page_of(plot(panel(FAST, OTHER, xlabel="epoch", ylabel="accuracy"))))
    reader = PageReader.read(page)
    assert reader.problems == []
    assert "lr=0.1 : shows the learning rate 0.1" in reader.text
    assert "y axis: accuracy" in reader.text
    assert not {"script", "img", "link"} & set(reader.tags)
    assert 'aria-label="Figure 1 (cell 3); x: epoch, y: accuracy; 1, lr=0.1' in page


def test_hostile_labels_stay_text():
    hostile = curve(0.5, label=HOSTILE, recognised=HOSTILE)
    evidence = plot(
        panel(
            hostile,
            title=HOSTILE,
            xlabel=HOSTILE,
            ylabel=HOSTILE,
            categories={0: HOSTILE},
        ),
        missing=[HOSTILE],
    )
    reader = PageReader.read(render_html(page_of(evidence)))
    assert reader.problems == []
    assert not {"script", "img"} & set(reader.tags)
    assert not any(name.startswith("on") for _, name, _ in reader.attributes)


def test_markdown_has_a_table_of_curves():
    text = render_markdown(page_of(plot(panel(FAST, OTHER), missing=["the learning rate 0.01"])))
    assert "| lr=0.1 | the learning rate 0.1 | 0.51 | 0.7 |" in text
    assert "| without a label | not recognised | 0.3 | 0.3 |" in text
    assert "Recognised: 1 of 2 curves." in text


def test_the_terminal_names_what_was_recognised():
    written = io.StringIO()
    console = Console(file=written, width=200)
    print_result(page_of(plot(panel(FAST, OTHER))), console)
    assert "Recognised lr=0.1 as the learning rate 0.1." in written.getvalue()
