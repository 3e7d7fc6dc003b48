"""Texts that a page, a table, a template or a terminal would obey, wherever a student can put one.

Must stay true: in every report a student's text stands as text. Nothing runs, nothing is loaded,
nothing is evaluated, no formula is made, and no cursor moves. What a hidden check compares with is
shown to staff alone.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from graders.assignment import load_assignment
from graders.batch import Enrolled, grade_class, line_of, outline, write_class, write_feedback
from graders.compose import unusable
from graders.expectations import Expectations
from graders.exports.lines import Line, grades_csv
from graders.gradebook import StudentRow
from graders.grading import Checker, Grader
from graders.ran import Ran
from graders.report import print_result, render_class, render_html, render_markdown
from graders.report.render import digest_of
from graders.report.rows import Row
from graders.result import Outcome, Result
from graders.submission import Submission, find_submissions
from tests.attacks.conftest import Aftermath, Attack
from tests.builders.attacks import RUNNER
from tests.builders.classes import Watcher
from tests.builders.results import info
from tests.report.test_browser import CHROMIUM, FLAGS

# What would be seen if a text were obeyed.
RAN = "OBEYED"
PAYLOADS = [
    f"<script>document.title='{RAN}'</script>",
    f"<img src=x onerror=\"document.title='{RAN}'\">",
    "<img src='http://127.0.0.1:PORT/seen'>",
    f"<svg onload=\"document.title='{RAN}'\"></svg>",
    "<a href='javascript:document.title=1'>x</a>",
    "<iframe src='http://127.0.0.1:PORT/seen'></iframe><base href='http://127.0.0.1:PORT/'>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:PORT/seen'>",
    "</style></title></textarea></script><style>@import url(http://127.0.0.1:PORT/seen)</style>",
    "]]><!-- --><!--",
    "{{ 7*191 }} {% raw %} {% include 'base.html.j2' %} {{ page.result }} ${7*191} #{7*191}",
    "[x](javascript:alert(1)) ![x](http://127.0.0.1:PORT/seen) <http://127.0.0.1:PORT/seen>",
    "[x]: http://127.0.0.1:PORT/seen\n\n```\n<script>\n~~~\n| a | b |\n| - | - |\n# heading",
    "`````\n<script>alert(1)</script>\n`````",
    "\x1b[2J\x1b[1;31mred\x1b]0;title\x07\x1b]8;;http://x\x07link\x9b2J\x1bc",
    "a\x08\x08\x08b\rc\x7fd\x0be\x0cf\x85g",
    "\u202egnp.exe\u2066x\u2069\ufeff",
    "\ud800 half \udfff",
    "null\x00byte",
    "=cmd|' /C calc'!A0",
    "+1+1\t@SUM(1)\n-2",
    "[bold red]markup[/] [link=http://x]y[/link] :boom:",
    "x" * 1_000_000,
]

WORK = f"""{RUNNER}
import sys
import numpy as np, keras
import matplotlib.pyplot as plt
def tried(action):
    try: action()
    except Exception: pass
"""
CELLS = [
    "for p in payloads: print(p); print(p, file=sys.stderr)",
    "for p in payloads: globals()[p] = p; globals()['n' + p[:50]] = 1.5",
    "answers = dict(zip(('1d', '1g', '1h', '3c', '4a'), payloads))\n"
    "answers.update({p: p for p in payloads})",
    "first_wrong = payloads[13]",
    "for p in payloads:\n    fig = plt.figure(); ax = plt.gca(); p = p.replace('$', '')\n"
    "    ax.set_title(p[:300]); ax.set_xlabel(p[:300]); ax.plot([1, 2], label=p[:300])\n"
    "    ax.legend(); the('FigureWatcher').flush()",
    "def layered(p):\n"
    "    cls = type(p[:80], (keras.layers.Layer,), {'call': lambda self, x: x,\n"
    "        'get_config': lambda self: {p: p, 'activation': p}})\n"
    "    model = keras.Sequential([keras.Input((4,)), cls(), keras.layers.Dense(2)])\n"
    "    metric = lambda y, q: keras.ops.mean(q)\n"
    "    metric.__name__ = p[:80]\n"
    "    optimizer = type(p[:80], (keras.optimizers.SGD,), {})()\n"
    "    model.compile(optimizer, 'mse', metrics=[metric])\n"
    "    model.fit(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)\n"
    "for p in payloads[:3] + payloads[9:11] + payloads[13:14]: tried(lambda: layered(p))",
    "writer = the('Writer')\nfor p in payloads: writer.note(p)\n"
    "writer.recording.skipped_commands.extend(p[:5000] for p in payloads)",
]


@dataclass
class Hits:
    """A server on this machine that nobody should ask for anything."""

    port: int
    paths: list[str]


@pytest.fixture(scope="module")
def hits() -> Iterator[Hits]:
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Hits(server.server_port, paths)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def payloads(hits: Hits) -> list[str]:
    return [payload.replace("PORT", str(hits.port)) for payload in PAYLOADS]


def hostile_notebook(payloads: list[str]) -> bytes:
    listed = f"payloads = json.loads({json.dumps(json.dumps(payloads[:-1]))}) + ['x' * 1_000_000]"
    sources = [WORK, listed, *CELLS]
    sources += [
        f"raise type({p[:80]!r}, (ValueError,), {{}})({p!r})"
        for p in payloads[:-1]
        if "\x00" not in p and "\ud800" not in p
    ]
    sources += ["raise ValueError(payloads[16] + payloads[17])", "1 / 0  # </script>" + payloads[0]]
    sources += ["raise ValueError(payloads[-1])", "!echo " + payloads[0], "%pip install <b>x</b>"]
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": source}
        for source in sources
    ]
    texts = [p for p in payloads[:-1] if "\x00" not in p and "\ud800" not in p]
    for exercise in ("1b", "1c", "1i", "1j", "2b", "3b", "4a", "4b"):
        text = f"{exercise}: my answer is\n" + "\n".join(texts)
        cells.append({"cell_type": "markdown", "metadata": {}, "source": text})
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(whole).encode()


@pytest.fixture(scope="module")
def hostile(
    grader: Grader, payloads: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Aftermath:
    """Every payload in every place, graded under a name that is one as well."""
    folder = tmp_path_factory.mktemp("hostile")
    path = folder / "=1+1 <b onclick=x>{{ 7*191 }}\x1b[2J.ipynb"
    path.write_bytes(hostile_notebook(payloads))
    out = folder / "out"
    result = grader.grade(Submission(payloads[1], path), out)
    return Aftermath(result, Ran.load(out), out, 0.0)


Tag = tuple[str, dict[str, str | None]]


class Tags(HTMLParser):
    """Notes everything in a page that is not text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Tag] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


OBEYED = {"script", "img", "iframe", "object", "embed", "base", "link", "form", "input", "image"}


def assert_only_text(page: str, own: Sequence[Tag] = ()) -> None:
    """Assert that a page holds no element or attribute that loads, runs or leads elsewhere.

    Args:
        page: HTML.
        own: the elements of the page itself that do.

    """
    assert [tag for tag in Tags(page).found if tag[0] in OBEYED] == list(own)
    for tag, attributes in Tags(page).found:
        assert not [name for name in attributes if name.startswith("on")]
        assert not re.search(r"url|import|expression|[<\\]", attributes.get("style") or "")
        for name in ("href", "src", "xlink:href", "action"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "./")), (tag, target[:60])
    refreshes = [a for tag, a in Tags(page).found if tag == "meta" and "http-equiv" in a]
    assert [a["http-equiv"] for a in refreshes] == ["Content-Security-Policy"]
    assert "default-src 'none'" in str(refreshes[0]["content"])


def assert_class_page_holds_only_text(page: str) -> None:
    """Assert that a class's page has what every class's page has, and else nothing but text."""
    harmless = render_class([row_of_alice()], title="A class")
    own = [tag for tag in Tags(harmless).found if tag[0] in OBEYED]
    assert sorted(tag for tag, _ in own) == ["input", "script"]
    assert_only_text(page, own)
    assert script_of(page) == script_of(harmless)
    # No other script may run, were there one.
    assert f"script-src '{digest_of(script_of(page))}';" in page
    assert page.count("script-src") == 1


def row_of_alice() -> Row:
    of = info("", "alice", files=[])
    result = unusable(load_assignment("fashion_cnn"), of, "Cut off.", "unusable")
    return Row.of(result, "alice/feedback.html")


def script_of(page: str) -> str:
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return str(script)


def controls(text: str) -> set[str]:
    """What a terminal obeys, or what turns the text around it."""
    bidi = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\ufeff"}
    return {
        c
        for c in set(text)
        if (c < " " and c not in "\n\t")
        or "\x7f" <= c <= "\x9f"
        or c in bidi
        or (c >= "\ud800" and c <= "\udfff")
    }


def test_the_payloads_are_really_there(hostile: Aftermath) -> None:
    """Else the tests below would test nothing."""
    text = hostile.result.model_dump_json()

    assert hostile.result.execution.status == "complete"
    assert len(hostile.result.execution.failed_cells) > 15
    assert text.count("<script>") > 30
    assert "7*191" in text
    assert len(hostile.result.trainings) >= 3


@pytest.mark.parametrize("audience", ["student", "staff"])
def test_a_page_holds_them_as_text(hostile: Aftermath, audience: Any) -> None:
    page = render_html(hostile.result, audience=audience)

    assert_only_text(page)
    assert controls(page) == set()
    assert "&lt;script&gt;" in page
    assert "{{ 7*191 }}" in page
    assert "1337" not in page
    assert len(page) < 3_000_000


@pytest.mark.parametrize("audience", ["student", "staff"])
def test_markdown_holds_them_as_text(hostile: Aftermath, audience: Any) -> None:
    """A reader that lets HTML through is the worst one there is."""
    text = render_markdown(hostile.result, audience=audience)
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)

    found = {tag for tag, _ in Tags(page).found}
    assert not found & {*OBEYED, "a", "svg", "style", "meta"}
    assert controls(text) == set()
    assert "1337" not in text


def test_the_terminal_obeys_nothing(hostile: Aftermath) -> None:
    stream = io.StringIO()

    print_result(hostile.result, Console(file=stream, width=80, color_system=None))

    shown = stream.getvalue()
    assert controls(shown) == set()
    assert max(map(len, shown.splitlines())) <= 80
    assert "1337" not in shown


def line(result: Result, payload: str, folder: str) -> Line:
    """Say of a student whatever a text can be said of, as it goes by way of the gradebook."""
    submission = result.submission.model_copy(
        update={"student": payload, "files": [payload], "key": payload, "chosen": payload}
    )
    named = result.model_copy(
        update={
            "submission": submission,
            "execution": result.execution.model_copy(update={"message": payload}),
        }
    )
    student = StudentRow(payload, payload, folder, ids={"email": payload}, section=payload)
    return line_of(outline(named), student)


def test_the_classs_page_and_table_hold_them_as_text(
    hostile: Aftermath, payloads: list[str], tmp_path: Path
) -> None:
    named = [
        line(hostile.result, payload[:3000], f"student-{k}") for k, payload in enumerate(payloads)
    ]

    write_class(named, tmp_path, title=payloads[0], notes=payloads)

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert_class_page_holds_only_text(page)
    assert controls(page) == set()
    table = grades_csv(named)
    rows = list(csv.reader(io.StringIO(table)))
    assert len(rows) == len(named) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]


def test_the_classs_table_moves_no_cursor(hostile: Aftermath, payloads: list[str]) -> None:
    """Who looks at grades.csv in a terminal sees what stands in it."""
    lines = [line(hostile.result, payload, "x") for payload in payloads]

    assert controls(grades_csv(lines)) == set()


def test_file_names_that_are_no_text_end_no_class(grader: Grader, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = [b"mal\xff\xfelory.py", b"=cmd|x.py", b"\xe2\x80\xaegpj.py", b"<img src=x>.py"]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(b"answers = {'1d': 8070}\n")

    found = Enrolled(find_submissions([folder]))
    outcomes = grade_class(grader, found, tmp_path / "out", workers=2, observer=Watcher())

    assert [one.result.score for one in outcomes.graded] == [1.0] * 4
    table = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert controls(table) == set()
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert_class_page_holds_only_text(page)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome on PATH")
def test_a_browser_runs_and_loads_nothing(hostile: Aftermath, hits: Hits, tmp_path: Path) -> None:
    write_feedback(hostile.result, tmp_path)
    write_class([line(hostile.result, PAYLOADS[0], "x")], tmp_path, title=PAYLOADS[1])
    for name in ("feedback.html", "index.html"):
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        page = (tmp_path / name).as_uri()
        budget = "--virtual-time-budget=3000"
        document = subprocess.run(
            [str(CHROMIUM), *FLAGS, profile, budget, "--dump-dom", page],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        assert f"<title>{RAN}" not in document
        assert "</html>" in document
    assert hits.paths == []


SHEET = """
schema_version = 1
id = "secret"
title = "A sheet with a hidden check"
data_sets = []
[[section]]
id = "1"
title = "Part"
[[exercise]]
id = "1d"
section = "1"
title = "A number"
points = 4
"""
# Said by nothing but the check itself.
HIDDEN = ("424242", "ANSWERWORD", "INPUTWORD")
CHECK = """
import pytest
from graders.checks import CheckFailed, assert_answer, attach, exercise
from graders.result import GridEvidence

@exercise("1d", points=1, hidden=True)
def test_hidden(recording):
    \"\"\"A hidden number is right.\"\"\"
    attach(GridEvidence(title="ANSWERWORD", expected=[[424242.0]], found=None))
    raise CheckFailed("It is not 424242.", expected="424242", found="ANSWERWORD",
                      where="ANSWERWORD", hint="Try ANSWERWORD.")

@exercise("1d", points=1, hidden=True)
def test_hidden_that_fails_itself(recording):
    \"\"\"A hidden number is compared.\"\"\"
    assert recording.data.values.get("x") == 424242, "ANSWERWORD"

@exercise("1d", points=1)
def test_shown_that_fails_itself(recording):
    \"\"\"A number is compared.\"\"\"
    raise KeyError("ANSWERWORD 424242")

@exercise("1d", points=1, hidden=True)
@pytest.mark.parametrize("given", ["INPUTWORD"])
def test_hidden_cases(given, recording):
    \"\"\"A hidden case is right.\"\"\"
    raise CheckFailed("wrong for " + given)
"""


@pytest.fixture
def checked(grader: Grader, plain: Attack, tmp_path: Path) -> Result:
    """A submission that fails every check of a sheet with hidden ones."""
    folder = tmp_path / "sheet"
    folder.mkdir()
    (folder / "assignment.toml").write_text(SHEET, encoding="utf-8")
    (folder / "test_1.py").write_text(CHECK, encoding="utf-8")
    after = plain("x = 1\n")
    out = tmp_path / "out"
    shutil.copytree(after.folder, out)
    checker = Checker(load_assignment(folder), grader.data)
    vars(checker)["expected"] = Expectations(assignment="secret")
    return checker.check(after.ran, out)


def test_hidden_checks_are_really_failed(checked: Result) -> None:
    outcomes = [check.outcome for check in checked.checks]

    assert sorted(outcomes) == sorted(
        [Outcome.FAILED, Outcome.ERROR, Outcome.ERROR, Outcome.FAILED]
    )
    assert "424242" in render_html(checked, audience="staff")


def test_students_see_nothing_that_a_hidden_check_compares_with(
    checked: Result, tmp_path: Path
) -> None:
    stream = io.StringIO()
    write_feedback(checked, tmp_path)
    print_result(checked, Console(file=stream, width=80))

    for shown in (
        (tmp_path / "feedback.html").read_text(encoding="utf-8"),
        (tmp_path / "feedback.md").read_text(encoding="utf-8"),
        stream.getvalue(),
    ):
        assert "A hidden number is right" in shown
        assert [word for word in HIDDEN if word in shown] == []
