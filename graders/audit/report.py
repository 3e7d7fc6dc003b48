"""Write what an audit has found: audit.json, and audit.html as a page without a script."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment

from graders.audit.outcome import Audit, Row
from graders.files import write_whole
from graders.report.render import make_environment

_LINE_KINDS = {"+": "added", "-": "removed", "@": "place"}


class DiffLine(NamedTuple):
    """A line of a unified diff."""

    text: str
    kind: str


class Square(NamedTuple):
    """One field of the matrix: its class, its letter, and what it says in words."""

    kind: str
    sign: str
    words: str


def write_report(audit: Audit, out: Path) -> None:
    """Write audit.json and audit.html into a folder, each whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "audit.json", audit.model_dump_json(indent=1) + "\n")
    write_whole(out / "audit.html", render_audit(audit))


def render_audit(audit: Audit) -> str:
    """Make the page: shares, matrix, what was not caught with its diffs, correct variants."""
    return _environment().get_template("audit.html.j2").render(audit=audit)


def saved_path(assignment: str) -> Path:
    """Where the findings that are kept with the code stand."""
    return Path(str(resources.files("reference"))) / "audits" / f"{assignment}.json"


def square(row: Row, exercise: str) -> Square:
    """Say what one mutant does to one exercise."""
    state = row.states.get(exercise)
    expected = exercise in row.expected
    if state == "lost":
        if expected:
            return Square("caught", "✓", f"{exercise} loses, as it has to")
        return Square("spilled", "!", f"{exercise} loses, and must not")
    if state == "open":
        return Square("open", "?", f"{exercise} is left open")
    if expected:
        return Square("survived", "✗", f"{exercise} keeps its points, and must not")
    return Square("quiet", "", "")


def diff_lines(diff: str) -> list[DiffLine]:
    """Split a unified diff, with the kind of each line; its two heading lines are left out."""
    lines = [line for line in diff.splitlines() if not line.startswith(("--- ", "+++ "))]
    return [DiffLine(line, _LINE_KINDS.get(line[:1], "same")) for line in lines]


def percent(share: float) -> str:
    """Write a share as a percentage with one decimal; none where it is whole."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


@cache
def _environment() -> Environment:
    environment = make_environment(autoescape=True)
    environment.filters |= {"diff_lines": diff_lines, "percent": percent}
    environment.globals |= {"square": square}
    return environment
