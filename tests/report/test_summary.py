"""What the terminal says of a class at the end of a run."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from graders.report import Row, print_summary
from graders.result import Execution, Outcome, Result
from tests.builders.hostile import make_hostile
from tests.builders.results import (
    exercise,
    graded,
    late,
    lost,
    missing,
    of_fashion_cnn,
    passed,
    question,
)
from tests.builders.samples import make_class, make_unusable


def printed(*results: Result, encoding: str = "utf-8", **settings) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_summary([Row.of(r, None) for r in results], Console(file=file, width=80, **settings))
    file.seek(0)
    return file.read()


def said(*results: Result) -> str:
    return " ".join(printed(*results).split())


def scored(student: str, score: float) -> Result:
    return graded(student, lost("1a", "It is right", score=score, points=10))


def failed(student: str, why: str = "The process ended early (signal 9).") -> Result:
    result = of_fashion_cnn(student, execution=Execution(status="error", message=why))
    result.points = 10
    return result


def test_those_graded_are_counted_with_the_middle_of_their_scores():
    text = said(scored("a", 2), scored("b", 4), scored("c", 9), failed("d"), missing("e"))
    assert text.startswith("3 of 4 submissions graded; median 4, mean 5 of 10 points.")


def test_the_histogram_reaches_from_the_lowest_tenth_to_the_highest():
    text = printed(*[scored(f"a{i}", 4.5) for i in range(8)], scored("b", 2), scored("c", 5.5))
    bars = re.findall(r"^ +(\d+) to +\d+ % +(\d+)  (█*)$", text, re.MULTILINE)
    assert [(low, number) for low, number, _ in bars] == [
        ("20", "1"),
        ("30", "0"),
        ("40", "8"),
        ("50", "1"),
    ]
    assert [len(bar) for *_, bar in bars] == [5, 0, 40, 5]


def test_one_student_is_seen_beside_a_thousand():
    text = printed(scored("x", 1), *[scored(f"a{i}", 9.5) for i in range(1000)])
    assert re.search(r"10 to  20 %     1  █$", text, re.MULTILINE)


def test_the_hardest_exercises_are_listed_the_hardest_first():
    def one(student: str, *scores: float) -> Result:
        ids = ("1a", "1b", "1c")
        exercises = [
            exercise(id_, f"Part {id_}", lost(id_, "x", score=score))
            for id_, score in zip(ids, scores, strict=True)
        ]
        return of_fashion_cnn(student, *exercises)

    text = said(one("a", 0.5, 1, 0), one("b", 0.5, 1, 0.5))
    assert "1c 25 % Part 1c (2 of 2 lost points) 1a 50 % Part 1a (2 of 2 lost points)" in text
    assert "Part 1b" not in text


def test_who_could_not_be_graded_is_named_with_what_to_do():
    text = said(failed("dora"), make_unusable("carl"))
    assert "2 not graded dora: The process ended early (signal 9). Grade it again" in text
    assert "carl: notebook.ipynb: line 214 holds a git merge-conflict marker." in text


def test_one_sentence_serves_all_whom_it_concerns():
    text = said(*[failed(f"team {i}", "No space left.") for i in range(20)])
    assert text.count("No space left.") == 1
    assert "20 not graded team 0, team 1," in text
    assert "team 7 and 12 more: No space left." in text


def test_many_different_failures_do_not_scroll_the_rest_away():
    text = printed(*[failed(f"team {i}", f"Failure {i}.") for i in range(200)])
    assert len(text.splitlines()) < 40
    assert "and 192 more, on the class page" in text


def test_people_hear_what_is_left_for_them():
    broken_check = lost("1a", "x").model_copy(update={"outcome": Outcome.ERROR})
    flagged = passed("1a", "x", flag="Higher than right solutions reach.")
    unread = exercise("1b", "Why", manual=question("Why?", "So."))
    text = said(
        graded("ana", broken_check),
        missing("bo"),
        graded("cleo", passed("1a", "x"), late=late(deducted=2)),
        graded("dani", passed("1a", "x"), late=late(unknown=True)),
        graded("emi", flagged),
        of_fashion_cnn("finn", unread),
    )
    for line in (
        "1 checked only in part, as the grader failed: grade again, or score by hand ana (1a)",
        "1 missing bo",
        "2 late cleo (-2), dani (unknown how late)",
        "1 to look at; it took no points emi (1a)",
        "2 to read, 2 points pending ana, finn",
    ):
        assert line in text


def test_a_class_in_which_all_is_done_leaves_nothing_to_do():
    text = said(graded("a", passed("1a", "x")), graded("b", passed("1a", "x")))
    assert text.startswith("2 of 2 submissions graded; median 1, mean 1 of 1 point. 90 to 100 %")
    assert text.endswith("█")


def test_an_empty_class_is_said_as_well():
    assert said() == "0 of 0 submissions graded."


@given(st.lists(st.text(max_size=300), min_size=1, max_size=12))
def test_no_name_widens_a_line_or_reaches_the_terminal_as_a_command(names):
    text = printed(*[failed(name, name) for name in names])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


def test_nothing_is_wider_than_80_columns():
    results = [*make_class(), make_hostile(), missing("y" * 500)]
    assert max(len(line) for line in printed(*results).splitlines()) <= 80


def test_names_are_no_markup():
    assert "[red]ana[/red]" in printed(failed("[red]ana[/red]"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_terminals_of_few_characters_show_it_too(encoding):
    text = printed(scored("Zoë 🌳", 4), scored("b", 5), missing("Łucja"), encoding=encoding)
    assert re.search(r"40 to  50 % +1  #+", text)
    assert "?ucja" in text


def test_without_colour_there_is_no_escape_sequence(classroom):
    assert "\x1b" not in printed(*classroom, force_terminal=True, color_system=None)
