"""The terminal view of a result, for `tensormark check`: for 80 columns, and without colour."""

from __future__ import annotations

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graders.report import plots, words
from graders.report.text import cell_name, number, points, shorten
from graders.report.view import CheckView, ExerciseView, Page
from graders.report.words import FLAG, READ, SET, SIGNS, UNREAD, Sign
from graders.result import (
    CheckResult,
    FailedCell,
    Judgement,
    Outcome,
    PlotEvidence,
    Result,
    ScoreEvidence,
)

_STYLES: dict[Outcome, str] = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.NOT_ATTEMPTED: "dim",
    Outcome.BLOCKED: "dim",
    Outcome.UNSCORED: "magenta",
    Outcome.ERROR: "magenta",
}
_LONGEST_ERROR = 240
_LONGEST_TEXT = 600
_INDENT = 4


def print_result(result: Result, console: Console) -> None:
    """Print a result for the student: score, exercises, and what was lost, with one thing to try.

    Args:
        result: what grading said. Hidden checks keep their details to themselves.
        console: where to; its width and its encoding are respected.

    """
    page = Page.of(result, "student")
    paper = _Paper(console)
    console.print(paper.header(page))
    if page.exercises:
        console.print(paper.exercises(page))
    for view in page.exercises:
        for check in view.checks:
            if check.check.outcome is not Outcome.PASSED or check.check.flag:
                console.print(paper.check(view, check))
        for said in paper.judgements(view):
            console.print(said)
    for cell in page.result.execution.failed_cells:
        console.print(paper.failed_cell(cell))


class _Paper:
    """What is printed, piece by piece. Texts become `Text`: nothing in them is read as markup."""

    def __init__(self, console: Console) -> None:
        self.encoding = console.encoding
        self.ascii = console.options.ascii_only

    def header(self, page: Page) -> RenderableType:
        result = page.result
        files = ", ".join(result.submission.files)
        lines: list[RenderableType] = [
            Text(""),
            self.text(result.assignment.title, "bold"),
            self.text(f"{result.submission.student}: {files}" if files else "", "dim"),
            Text(""),
            self.score(page),
        ]
        if sentence := words.run_sentence(result.execution):
            lines.append(self.text(sentence, "yellow"))
        if result.late:
            lines.append(self.text(result.late.message, "yellow"))
        if result.submission.chosen:
            lines.append(self.text(shorten(result.submission.chosen, _LONGEST_TEXT), "dim"))
        if page.brought:
            beside = shorten(", ".join(page.brought), _LONGEST_TEXT)
            lines.append(self.text(f"Beside it lay: {beside}", "dim"))
        if result.data_sets:
            used = ", ".join(f"{data.name} ({data.source})" for data in result.data_sets)
            lines.append(self.text(f"Data: {used}", "dim"))
        if sentence := words.unverified_line(result.trainings):
            lines.append(self.text(sentence, "dim"))
        return Group(*lines, Text(""))

    def score(self, page: Page) -> Text:
        result = page.result
        if page.ungraded:
            return self.text("Not graded", "bold yellow")
        line = self.text(f"{number(result.score)} of {points(result.points)}", "bold")
        if page.deducted:
            line.append(
                f" ({number(page.earned)} earned, {number(page.deducted)} taken off for lateness)"
            )
        if page.bonus.earned:
            line.append(f", {number(page.bonus.earned)} of them bonus")
        if page.pending:
            line.append(f"; {points(page.pending)} pending")
        return line

    def exercises(self, page: Page) -> RenderableType:
        lines = box.ASCII2 if self.ascii else box.SIMPLE_HEAD
        table = Table(box=lines, show_edge=False, pad_edge=False)
        table.add_column("", no_wrap=True)
        table.add_column("exercise", overflow="fold")
        table.add_column("points", justify="right", no_wrap=True)
        table.add_column("checks", overflow="fold")
        for view in page.exercises:
            exercise = view.exercise
            title = f"{exercise.title} (bonus)" if exercise.bonus else exercise.title
            table.add_row(
                self.text(exercise.id, "bold"),
                self.text(title),
                self.text(f"{number(exercise.score)}/{number(exercise.points)}"),
                self.marks(view),
            )
        if page.deducted:
            taken = self.text("taken off for lateness")
            table.add_row(Text(""), taken, self.text(f"-{number(page.deducted)}"), Text(""))
        return Group(table, Text(""), self.legend(page), Text(""))

    def marks(self, view: ExerciseView) -> Text:
        marks = [self.mark(check.check) for check in view.checks]
        if view.exercise.manual:
            marks.append(self.text(self.symbol(_reading(view)), "yellow"))
        if view.exercise.override:
            marks.append(self.text(self.symbol(SET), "yellow"))
        return Text(" ").join(marks)

    def legend(self, page: Page) -> RenderableType:
        """Explain the symbols that occur, and no others."""
        used = {words.sign_of(check) for check in page.result.checks}
        signs = [sign for sign in SIGNS if sign in used]
        readings = {_reading(view) for view in page.exercises if view.exercise.manual}
        signs += [sign for sign in (UNREAD, READ) if sign in readings]
        signs += [SET] if any(view.exercise.override for view in page.exercises) else []
        entries = [self.text(f"{self.symbol(sign)} {sign.word}", "dim") for sign in signs]
        return Columns(entries, padding=(0, 3))

    def check(self, view: ExerciseView, check: CheckView) -> RenderableType:
        """Explain one check that did not pass, or that a person should look at."""
        result = check.check
        title = self.text(f"{view.exercise.id}  ", "bold")
        title.append_text(self.mark(result)).append(" ")
        title.append_text(self.text(result.title, "bold"))
        if not result.outcome.is_open:
            title.append(f"  {number(result.score)}/{number(result.points)}", "dim")
        message = words.message_of(result)
        if check.kept:
            message += f" Points kept: this follows from {result.follows_from}."
        rows = {
            "expected": result.expected,
            "found": result.found,
            "measured": _measured(check),
            "drawn": _drawn(check),
            "where": result.where,
            "try": words.hint_of(result),
            f"{self.symbol(FLAG)} noted": result.flag,
        }
        return Group(title, self.block(message, rows), Text(""))

    def judgements(self, view: ExerciseView) -> list[RenderableType]:
        """Show what a person has said of an exercise: of its question, and of it as a whole."""
        said: list[RenderableType] = []
        exercise, manual = view.exercise, view.exercise.manual
        if manual and manual.judgement and manual.judgement.comment:
            title = f"{self.symbol(READ)} {READ.word}  {_share(manual.judgement, manual.points)}"
            said.append(self.judged(exercise.id, title, manual.judgement))
        if exercise.override:
            title = f"{self.symbol(SET)} {SET.word}  {_share(exercise.override, exercise.points)}"
            said.append(self.judged(exercise.id, title, exercise.override))
        return said

    def judged(self, exercise: str, title: str, judgement: Judgement) -> RenderableType:
        head = self.text(f"{exercise}  ", "bold")
        head.append_text(self.text(title))
        comment = shorten(judgement.comment, _LONGEST_TEXT)
        return Group(head, self.block(comment, {}), Text(""))

    def failed_cell(self, cell: FailedCell) -> RenderableType:
        name = cell_name(cell.index) + (f" ({cell.exercise})" if cell.exercise else "")
        title = self.text(f"{name} stopped with {cell.error_type}", "bold")
        message = shorten(cell.message, _LONGEST_ERROR)
        return Group(title, self.block(message, {"try": cell.hint}), Text(""))

    def block(self, message: str, rows: dict[str, str]) -> RenderableType:
        """Set a sentence, and labelled lines beneath it, indented."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for label, value in rows.items():
            if value:
                grid.add_row(Text(label, "dim"), self.text(shorten(value, _LONGEST_TEXT)))
        parts: list[RenderableType] = [self.text(message)] if message else []
        return Padding(Group(*parts, grid), (0, 0, 0, _INDENT), expand=False)

    def mark(self, check: CheckResult) -> Text:
        return self.text(self.symbol(words.sign_of(check)), _STYLES[check.outcome])

    def symbol(self, sign: Sign) -> str:
        return sign.ascii if self.ascii else sign.symbol

    def text(self, text: str, style: str = "") -> Text:
        """Make a text that this terminal can show, whatever a student has put into it."""
        shown = text.encode(self.encoding, "replace").decode(self.encoding)
        return Text(shown, style, overflow="fold")


def _measured(view: CheckView) -> str:
    scores = (shown for shown in view.exhibits if isinstance(shown, ScoreEvidence))
    return ". ".join(map(words.score_in_short, scores))


def _drawn(view: CheckView) -> str:
    shown = (plot for plot in view.exhibits if isinstance(plot, PlotEvidence))
    return " ".join(map(plots.in_short, shown))


def _share(judgement: Judgement, most: float) -> str:
    return f"{number(judgement.score)}/{number(most)}"


def _reading(view: ExerciseView) -> Sign:
    manual = view.exercise.manual
    return UNREAD if manual is None or manual.score is None else READ
