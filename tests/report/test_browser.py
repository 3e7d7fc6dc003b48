from __future__ import annotations

import shutil
import subprocess

import pytest

from graders.report import render_html

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


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_a_page_opens_from_disk(losses, tmp_path):
    path = tmp_path / "feedback.html"
    path.write_text(render_html(losses), encoding="utf-8")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [CHROMIUM, *FLAGS, profile, "--dump-dom", path.as_uri()]
    document = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert '<span class="big">5.9</span> <span class="of">of 20 points</span>' in document
    assert "Convolutions by hand</h2>" in document
