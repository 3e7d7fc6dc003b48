from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from graders.report import Row, render_class, render_html
from graders.result import PlotEvidence, PlotPanel, PlottedCurve
from tests.builders.evidence import accuracy, difference
from tests.builders.hostile import HOSTILE, STRANGE, make_hostile
from tests.builders.results import exercise, lost, of_fashion_cnn, passed
from tests.builders.samples import make_class, make_unusable

CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Puts a page into a frame as narrow as a telephone, unfolds all of it, and measures.
MEASURE = """<!doctype html><iframe width="360" height="3000" srcdoc="{page}"></iframe><script>
document.querySelector("iframe").onload = event => {{
  const page = event.target.contentDocument;
  for (const folded of page.querySelectorAll("details")) folded.open = true;
  const outside = [...page.querySelectorAll(".score-strip text")].filter(text => {{
    const [inner, outer] = [text, text.ownerSVGElement].map(e => e.getBoundingClientRect());
    return inner.left < outer.left || inner.right > outer.right || inner.top < outer.top;
  }});
  document.title = JSON.stringify([
    page.documentElement.clientWidth,
    page.documentElement.scrollWidth,
    page.querySelectorAll(".score-strip svg.plot").length,
    outside.map(text => text.textContent),
  ]);
}};
</script>"""


# Uses the class page as a person would, and says after each step which students are shown.
USE = """<!doctype html><iframe width="360" height="3000" srcdoc="{page}"></iframe><script>
document.querySelector("iframe").onload = event => {{
  const page = event.target.contentDocument;
  const shown = kind => [...page.querySelectorAll(`${{kind}} tbody tr:not([hidden]) th`)]
    .map(head => head.textContent);
  const head = key => page.querySelector(`table.map th[data-key="${{key}}"]`);
  const steps = [];
  const look = () => steps.push([shown("table.map"), shown("table.roster")]);
  const click = key => {{ head(key).querySelector("button").click(); look(); }};
  const type = text => {{
    const find = page.getElementById("find");
    find.value = text;
    find.dispatchEvent(new Event("input"));
    look();
  }};
  for (const folded of page.querySelectorAll("details")) folded.open = true;
  const measured = [page.documentElement.clientWidth, page.documentElement.scrollWidth];
  {steps}
  document.title = JSON.stringify({{
    steps,
    measured,
    sorted: ["student", "score", "exercise-1a"].map(key => head(key).getAttribute("aria-sort")),
    said: page.getElementById("said").textContent,
  }});
}};
</script>"""


def opened(page: str, folder: Path, fragment: str = "") -> str:
    """Open a page in a browser, and return what has become of it."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [CHROMIUM, *FLAGS, profile, "--dump-dom", path.as_uri() + fragment]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_a_page_opens_from_disk(losses, tmp_path):
    document = opened(render_html(losses), tmp_path)
    assert '<span class="big">6.12</span> <span class="of">of 20 points</span>' in document
    assert "Convolutions by hand</h2>" in document


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_strips_of_scores_fit_a_narrow_page_and_cut_no_label(tmp_path):
    checks = [
        passed("1f", "Passed", evidence=[accuracy(0.77)], flag=HOSTILE),
        lost("1f", "Collapsed", evidence=[accuracy(0.1)]),
        lost("1f", "Equal", evidence=[accuracy(1, reference=[1] * 200, cutoff=1)]),
        lost("1f", "Near", evidence=[difference(-0.0041, -0.03, -0.004)]),
        lost("1f", "Strange", evidence=[accuracy(*STRANGE, title="x" * 300)]),
    ]
    page = render_html(of_fashion_cnn("x", exercise("1f", "Train it", *checks)))
    document = opened(MEASURE.format(page=html.escape(page)), tmp_path)
    title = re.search("<title>(.*?)</title>", document)
    assert title is not None
    width, needed, strips, outside = json.loads(html.unescape(title[1]))
    assert 330 < width <= 360  # less a scroll bar
    assert needed <= width
    assert (strips, outside) == (len(checks), [])


def in_class(student: str, score: float) -> Row:
    check = lost("1a", "It is right", score=score, points=10)
    result = of_fashion_cnn(student, exercise("1a", "Turn images", check))
    return Row.of(result, "a/feedback.html")


def class_page(*more: Row) -> str:
    rows = [in_class("team 10", 3), in_class("team 9", 10), in_class("Zoëmi", 3.5)]
    return render_class([*rows, *more], title="The sheet")


def students_of(document: str, table: str) -> list[str]:
    start = document.index(f'<table class="{table}')
    body = document[start : document.index("</table>", start)]
    return re.findall(r'<th scope="row"><a[^>]*><bdi>(.*?)</bdi>', body)


def used(page: str, steps: str, folder: Path) -> dict:
    document = opened(USE.format(page=html.escape(page), steps=steps), folder)
    title = re.search("<title>(.*?)</title>", document)
    assert title is not None
    return json.loads(html.unescape(title[1]))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
@pytest.mark.parametrize(
    ("fragment", "order"),
    [
        ("", ["carl.unlucky", "team 9", "team 10", "Zoëmi"]),
        ("#sort=score", ["team 10", "Zoëmi", "team 9", "carl.unlucky"]),
        ("#sort=-score", ["team 9", "Zoëmi", "team 10", "carl.unlucky"]),
        ("#sort=-student", ["Zoëmi", "team 10", "team 9", "carl.unlucky"]),
        ("#map-exercise-1a", ["team 10", "Zoëmi", "team 9", "carl.unlucky"]),
        ("#sort=__proto__", ["carl.unlucky", "team 9", "team 10", "Zoëmi"]),
    ],
)
def test_an_address_sorts_both_tables_and_puts_the_ungraded_last(fragment, order, tmp_path):
    ungraded = Row.of(make_unusable(), "carl/feedback.html")
    document = opened(class_page(ungraded), tmp_path, fragment)
    assert students_of(document, "map") == students_of(document, "roster") == order


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_heads_are_buttons_that_sort_and_then_turn_the_order(tmp_path):
    done = used(class_page(), 'click("score"); click("score"); click("exercise-1a");', tmp_path)
    up = ["team 10", "Zoëmi", "team 9"]
    assert done["steps"] == [[up, up], [up[::-1], up[::-1]], [up, up]]
    assert done["sorted"] == [None, None, "ascending"]
    assert done["said"] == "Sorted by 1a, ascending."


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_students_are_found_by_a_part_of_their_name_accents_or_not(tmp_path):
    done = used(class_page(), 'type("OEMI"); type("(("); type("");', tmp_path)
    everyone = ["team 9", "team 10", "Zoëmi"]
    assert done["steps"] == [[["Zoëmi"]] * 2, [[], []], [everyone] * 2]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_a_class_page_fits_a_telephone(tmp_path):
    hostile = Row.of(make_hostile(), "h/feedback.html")
    everyone = [Row.of(result, "a/feedback.html") for result in make_class()]
    width, needed = used(class_page(hostile, *everyone), "", tmp_path)["measured"]
    assert 330 < width <= 360  # less a scroll bar
    assert needed <= width


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_no_other_script_runs_on_a_class_page(tmp_path):
    foreign = "<img src=x onerror=\"document.title='no'\"><script>document.title='no'</script>"
    page = class_page().replace("</main>", f"{foreign}</main>")
    document = opened(page, tmp_path, "#sort=-score")
    assert "<title>The sheet: the class</title>" in document
    assert students_of(document, "map") == ["team 9", "Zoëmi", "team 10"]  # and ours did


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_without_its_script_a_class_page_offers_nothing_that_needs_it(tmp_path):
    policy = re.sub("sha256-[A-Za-z0-9+/=]+", "none", class_page(), count=1)
    document = opened(policy, tmp_path, "#sort=score")
    assert students_of(document, "roster") == ["team 9", "team 10", "Zoëmi"]
    assert '<div class="tools" hidden="">' in document
    assert "<button" not in document


# Measures plots as `MEASURE` does strips of scores.
MEASURE_PLOTS = MEASURE.replace(".score-strip", ".plotted")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_plots_fit_a_narrow_page_and_cut_no_label(tmp_path):
    curves = [
        PlottedCurve(
            label=f"lr={rate}",
            x=[0, 1, 2],
            y=[0.5, 0.6, 0.7 + rate / 100],
            recognised="x" * 100 if rate % 2 else "",
        )
        for rate in range(12)
    ]
    bars = PlottedCurve(label=HOSTILE, shape="bars", x=[0, 1], y=[0.5, 12_345.0])
    texts = {0: "1,000 images", 1: "60,000 images"}
    shown = PlotEvidence(
        title="y" * 300,
        panels=[
            PlotPanel(title="Figure 1", xlabel="x" * 300, ylabel="y" * 300, curves=curves),
            PlotPanel(title=HOSTILE, categories=texts, curves=[bars]),
        ],
    )
    check = lost("1f", "Plot it", evidence=[shown])
    page = render_html(of_fashion_cnn("x", exercise("1f", "Plot it", check)))
    document = opened(MEASURE_PLOTS.format(page=html.escape(page)), tmp_path)
    title = re.search("<title>(.*?)</title>", document)
    assert title is not None
    width, needed, plots, outside = json.loads(html.unescape(title[1]))
    assert needed <= width
    assert (plots, outside) == (2, [])


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_a_plot_has_its_colours_on_a_picture_of_the_page(tmp_path):
    curve = PlottedCurve(x=[0, 1], y=[0.5, 0.9], recognised="the learning rate 0.1")
    shown = PlotEvidence(title="it", panels=[PlotPanel(title="Figure 1", curves=[curve])])
    check = lost("1f", "Plot it", evidence=[shown])
    page = render_html(of_fashion_cnn("x", exercise("1f", "Plot it", check)))
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    picture = tmp_path / "page.png"
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    shot = ["--window-size=1000,1400", f"--screenshot={picture}"]
    address = (tmp_path / "page.html").as_uri()
    command = [CHROMIUM, *FLAGS, profile, *shot, address]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    seen = np.round(matplotlib.image.imread(picture)[..., :3] * 255).astype(int)
    blue = [0x1F, 0x66, 0xAD]  # --training, the first curve's
    assert (np.abs(seen - blue).sum(axis=-1) < 12).sum() > 100
