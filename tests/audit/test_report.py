from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from graders.audit.outcome import Audit, Finding
from graders.audit.report import diff_lines, percent, render_audit, square, write_report
from tests.builders.audits import audit, mutant, variant
from tests.report.pages import PageReader
from tests.report.test_browser import CHROMIUM, FLAGS


@pytest.fixture
def found() -> Audit:
    survivor = mutant("1b-survivor", "survived").model_copy(
        update={
            "findings": [
                Finding(exercise="1b", check="Is x 1?", outcome="passed", message="Use `x <= 1`.")
            ]
        }
    )
    explained = mutant("1b-explained", "spilled", "Both count.")
    return audit(
        [variant("script"), variant("add", "lost")], [mutant("1b-fine"), survivor, explained]
    )


def test_the_page_is_whole_and_loads_nothing(found):
    page = PageReader.read(render_audit(found))
    assert page.problems == []
    assert [v for v in [*page.values("src"), *page.values("href")] if not v.startswith("#")] == []
    assert "script" not in page.tags


def test_what_is_not_caught_is_shown_with_diff_message_and_explanation(found):
    text = PageReader.read(render_audit(found)).text
    for words in ("-x = <1>", "+x = <2>", "Is x 1? Use x <= 1 .", "Explained: Both count."):
        assert words in text
    assert "1b-fine: caught" not in text


def test_every_link_leads_to_a_place_on_the_page(found):
    page = PageReader.read(render_audit(found))
    links = {link.removeprefix("#") for link in page.values("href")}
    assert {"1b-survivor", "1b-explained", "add"} == links <= set(page.values("id"))


def test_shares_are_shown_with_their_intervals(found):
    text = PageReader.read(render_audit(found)).text
    assert "33.3 % mutants caught: 1 of 3; at least 50 % are needed" in text
    assert "95 % confidence interval: 0.8 % to 90.6 %" in text


def test_texts_of_students_are_never_markup(found):
    assert "Made up <b>" not in render_audit(found)


def test_an_audit_without_anything_odd_says_that_the_grader_passes():
    page = PageReader.read(render_audit(audit([variant("script")], [mutant("1b-fine")])))
    assert "The grader passes" in page.text
    assert "Not as it has to be" not in page.text


@pytest.mark.parametrize(
    ("status", "exercise", "kind"),
    [
        ("caught", "1b", "caught"),
        ("caught", "2a", "quiet"),
        ("spilled", "2a", "spilled"),
        ("survived", "1b", "survived"),
    ],
)
def test_a_field_of_the_matrix_says_what_became_of_the_exercise(status, exercise, kind):
    assert square(mutant("m", status), exercise).kind == kind


def test_an_open_exercise_has_a_field_of_its_own_kind():
    row = mutant("m").model_copy(update={"states": {"1b": "open"}})
    assert square(row, "1b").kind == "open"


def test_lines_of_a_diff_are_told_apart():
    lines = diff_lines("--- a\n+++ b\n@@ -1 +1 @@\n x\n-y\n+z")
    assert [line.kind for line in lines] == ["place", "same", "removed", "added"]


@pytest.mark.parametrize(
    ("share", "written"), [(1.0, "100 %"), (0.9, "90 %"), (0.975, "97.5 %"), (0.0, "0 %")]
)
def test_a_share_is_written_as_a_percentage(share, written):
    assert percent(share) == written


def test_a_report_is_a_page_and_data(found, tmp_path):
    write_report(found, tmp_path / "new")
    data = json.loads((tmp_path / "new" / "audit.json").read_text(encoding="utf-8"))
    assert Audit.model_validate(data) == found
    assert (tmp_path / "new" / "audit.html").read_text(encoding="utf-8") == render_audit(found)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_the_page_opens_from_disk(found, tmp_path):
    write_report(found, tmp_path)
    command = [
        str(shutil.which(str(CHROMIUM))),
        *FLAGS,
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
        (tmp_path / "audit.html").as_uri(),
    ]
    document = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert 'class="field-survived"' in document
    assert "Mutants by exercise</h2>" in document
