"""What the end of a run says of a class in the terminal: for 80 columns, and without colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean, median

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graders.report.classroom import AGAIN, by_note, is_late
from graders.report.counts import Bar, bars, columns, hardest
from graders.report.rows import Row
from graders.report.text import count, natural, number, points

_MOST_HARD = 5
# More would scroll the rest away; the class page has them all.
_MOST_BROKEN = 8
_MOST_NAMES = 8
_WIDEST_BAR = 40


def print_summary(rows: Sequence[Row], console: Console) -> None:
    """Say how a class did: scores, what was hard, and what is left for people to do.

    Args:
        rows: one for each student, in any order.
        console: where to; its width and its encoding are respected. Nothing is read as markup.

    """
    paper = _Paper(console)
    ordered = sorted(rows, key=lambda row: natural(row.student))
    graded = [row for row in ordered if row.graded]
    for block in (paper.scores(ordered, graded), paper.hard(graded), paper.to_do(ordered)):
        printed = list(block)
        for line in printed:
            console.print(line)
        if printed:
            console.print()


def _name(row: Row) -> str:
    return row.student


class _Paper:
    """What is printed, block by block."""

    def __init__(self, console: Console) -> None:
        self.encoding = console.encoding
        self.ascii = console.options.ascii_only

    def scores(self, rows: Sequence[Row], graded: Sequence[Row]) -> Iterator[RenderableType]:
        """Count those graded, and draw how their scores are spread."""
        handed_in = sum(row.status != "missing" or row.graded for row in rows)
        counted = self.text(f"{len(graded)} of {count(handed_in, 'submission')} graded", "bold")
        if not graded:
            yield self.line(counted, ".")
            return
        scores = [row.score for row in graded]
        middle = f"median {number(median(scores))}, mean {number(fmean(scores))}"
        yield self.line(counted, f"; {middle} of {points(graded[0].points)}.")
        # One bar says no more than the line above.
        if len(graded) > 1:
            yield from self.histogram(bars(graded))

    def histogram(self, among: Sequence[Bar]) -> Iterator[RenderableType]:
        """Draw a line for each tenth, from the lowest that somebody reached to the highest."""
        filled = [i for i, bar in enumerate(among) if bar.count]
        widest = max(len(str(bar.count)) for bar in among)
        for i in range(filled[0], filled[-1] + 1):
            bar = among[i]
            # One student is seen, however tall the tallest bar is.
            length = max(round(_WIDEST_BAR * bar.height), bool(bar.count))
            drawn = self.text(("#" if self.ascii else "█") * length, "blue")
            yield self.line(f"  {10 * i:>3} to {10 * (i + 1):>3} %  {bar.count:>{widest}}  ", drawn)

    def hard(self, graded: Sequence[Row]) -> Iterator[RenderableType]:
        """List the exercises that earned the smallest share of their points."""
        found = hardest(columns(graded), _MOST_HARD)
        # Of a single submission, its feedback says it better.
        if not found or len(graded) < 2:
            return
        yield self.text("Hardest exercises, by the mean share of their points", "bold")
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(overflow="fold", max_width=12)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        for column in found:
            facts = f"{column.lost} of {column.students} lost points"
            if column.unattempted:
                facts += f", {column.unattempted} did not attempt it"
            title = self.line(f"{column.title} ", self.text(f"({facts})", "dim"))
            table.add_row(self.text(column.id), f"{100 * (column.mean or 0):.0f} %", title)
        yield _indented(table)

    def to_do(self, rows: Sequence[Row]) -> Iterator[RenderableType]:
        """Say what people have still to do, the most pressing first."""
        yield from self.broken([row for row in rows if row.broken])
        unchecked = [row for row in rows if row.graded and row.failed_checks]
        late = [row for row in rows if is_late(row)]
        to_read = [row for row in rows if row.graded and row.pending > 0]
        pending = points(sum(row.pending for row in to_read))
        yield from self.named(
            "checked only in part, as the grader failed: grade again, or score by hand",
            unchecked,
            lambda row: f"{row.student} ({', '.join(row.failed_checks)})",
        )
        yield from self.named("missing", [row for row in rows if row.missing])
        yield from self.named("late", late, _how_late)
        yield from self.named(
            "to look at; it took no points",
            [row for row in rows if row.flags],
            lambda row: f"{row.student} ({', '.join(row.look_at)})",
        )
        yield from self.named(f"to read, {pending} pending", to_read)

    def broken(self, rows: Sequence[Row]) -> Iterator[RenderableType]:
        """Say of each submission that could not be graded what is the matter, and what to do."""
        if rows:
            yield self.text(f"{len(rows)} not graded", "bold yellow")
        groups = by_note(rows)
        for alike in groups[:_MOST_BROKEN]:
            first = alike[0]
            what_to_do = f" {AGAIN}" if first.status == "error" else ""
            names = self.text(_names(alike), "bold")
            yield _indented(self.line(names, f": {first.note}{what_to_do}"))
        if left := sum(len(alike) for alike in groups[_MOST_BROKEN:]):
            yield _indented(self.text(f"and {left} more, on the class page"))

    def named(
        self, what: str, rows: Sequence[Row], name: Callable[[Row], str] = _name
    ) -> Iterator[RenderableType]:
        """Count students on one line, and name the first."""
        if not rows:
            return
        yield self.text(f"{len(rows)} {what}", "bold")
        yield _indented(self.text(_names(rows, name)))

    def line(self, *pieces: str | Text) -> Text:
        """Join pieces, each with its own style."""
        joined = Text(overflow="fold")
        for piece in pieces:
            joined.append_text(self.text(piece) if isinstance(piece, str) else piece)
        return joined

    def text(self, text: str, style: str = "") -> Text:
        """Make a text that this terminal can show."""
        shown = text.encode(self.encoding, "replace").decode(self.encoding)
        return Text(shown, style, overflow="fold")


def _names(rows: Sequence[Row], name: Callable[[Row], str] = _name) -> str:
    said = ", ".join(name(row) for row in rows[:_MOST_NAMES])
    left = len(rows) - _MOST_NAMES
    return f"{said} and {left} more" if left > 0 else said


def _indented(block: RenderableType) -> RenderableType:
    return Padding(block, (0, 0, 0, 2), expand=False)


def _how_late(row: Row) -> str:
    if row.late_unknown:
        return f"{row.student} (unknown how late)"
    return f"{row.student} (-{number(row.deducted)})" if row.deducted else row.student
