from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from graders.report import render_html

from . import parts, samples

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


def opened(page: str, folder: Path) -> str:
    """Open a page in a browser, and return what has become of it."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [CHROMIUM, *FLAGS, profile, "--dump-dom", path.as_uri()]
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
        parts.passed("1f", "Passed", evidence=[parts.accuracy(0.77)], flag=samples.HOSTILE),
        parts.lost("1f", "Collapsed", evidence=[parts.accuracy(0.1)]),
        parts.lost("1f", "Equal", evidence=[parts.accuracy(1, reference=[1] * 200, cutoff=1)]),
        parts.lost("1f", "Near", evidence=[parts.difference(-0.0041, -0.03, -0.004)]),
        parts.lost("1f", "Strange", evidence=[parts.accuracy(*samples.STRANGE, title="x" * 300)]),
    ]
    page = render_html(parts.result("x", [parts.exercise("1f", "1", "Train it", *checks)]))
    document = opened(MEASURE.format(page=html.escape(page)), tmp_path)
    title = re.search("<title>(.*?)</title>", document)
    assert title is not None
    width, needed, strips, outside = json.loads(html.unescape(title[1]))
    assert 330 < width <= 360  # less a scroll bar
    assert needed <= width
    assert (strips, outside) == (len(checks), [])
