from __future__ import annotations

import pytest

from graders.submission import read_cells
from graders.submission.labels import exercise_label
from tests.builders.submissions import code, notebook, starter, text

KNOWN = {"1a", "1b", "1f", "1g", "2a", "2b", "3a", "3b"}


def label(source: str, kind: str = "markdown", number: str | None = None) -> str | None:
    return exercise_label(source, kind, KNOWN, number)


def labels(*cells) -> list[str | None]:
    return [cell.exercise for cell in read_cells("a.ipynb", notebook(*cells), KNOWN)]


@pytest.mark.parametrize(
    "heading",
    [
        "1f",
        "# 1f",
        "## 1 f",
        "## Exercise 1f",
        "## Exercise 1 (f)",
        "### Ex. 1 f)",
        "**1f) Training**",
        "1.f Training",
        "1-f",
        "## Task 1F: train it",
        "words first\n\nthen 1f",
    ],
)
def test_a_heading_names_its_exercise_in_many_ways(heading):
    assert label(heading) == "1f"


@pytest.mark.parametrize(
    "comment", ["# 1f", "#1f", "# Exercise 1 (f)", "# --- 1f ---", "# 1f: fit"]
)
def test_a_comment_names_the_exercise_of_its_code(comment):
    assert label(f"{comment}\nmodel.fit(x, y)", "code") == "1f"


def test_code_itself_names_no_exercise():
    assert label('answers["1f"] = 3\nx = 1', "code") is None


@pytest.mark.parametrize("source", ["# 7x", "# 1z", "exercise 12f", "version 2.1f", "v1f", "x1f"])
def test_what_is_no_exercise_of_the_sheet_is_no_label(source):
    assert label(source) is None


@pytest.mark.parametrize("line", ["g)", "(g)", "g) A slower rate", "## g) A slower rate", "g."])
def test_a_letter_alone_continues_the_number_before_it(line):
    assert label(line, number="1") == "1g"


def test_a_letter_alone_means_nothing_at_the_start():
    assert label("g) A slower rate", number=None) is None


def test_a_letter_that_the_number_lacks_is_no_label():
    assert label("z) Something", number="1") is None


def test_a_letter_continues_the_number_whatever_stands_above_it():
    assert label("see 9z\ng) A slower rate", number="1") == "1g"


def test_a_word_is_not_taken_for_a_letter():
    assert label("a network with two layers", number="1") is None


def test_a_label_far_down_a_long_text_is_not_a_heading():
    assert label("\n".join(["words"] * 20) + "\nsee 1f") is None


def test_the_labels_of_the_starter_stand_in_the_metadata():
    assert labels(
        text("Scale the pixels", **starter("1b", "task")), code("x = 1", **starter("1b", "code"))
    ) == ["1b", "1b"]


def test_roles_of_the_starter_are_kept():
    cells = read_cells(
        "a.ipynb",
        notebook(
            text("t", **starter("1b", "task")),
            code("c", **starter("1b", "code")),
            text("w", **starter("1b", "text")),
            text("own"),
        ),
        KNOWN,
    )
    assert [cell.role for cell in cells] == ["task", "code", "text", None]


def test_the_starter_outranks_what_a_cell_says_of_itself():
    assert labels(code("# as in 1f\nx = 1", **starter("3a", "code"))) == ["3a"]


def test_labels_of_the_starter_are_read_in_capitals_and_with_spaces():
    assert labels(code("x = 1", **starter(" 1B ", "code"))) == ["1b"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"tensormark": "1b"},
        {"tensormark": {"exercise": 1, "kind": []}},
        {"tensormark": {"exercise": "99z", "kind": "boss"}},
        {"tensormark": None},
    ],
)
def test_forged_metadata_is_ignored(metadata):
    cells = read_cells("a.ipynb", notebook(code("x = 1", **metadata)), KNOWN)
    assert (cells[0].exercise, cells[0].role) == (None, None)


def test_a_cell_without_a_label_belongs_to_the_exercise_before():
    assert labels(text("## 1a"), code("x"), code("y"), text("## 1b"), code("z")) == [
        "1a",
        "1a",
        "1a",
        "1b",
        "1b",
    ]


def test_cells_before_the_first_label_belong_to_none():
    assert labels(code("import keras"), text("## 1a")) == [None, "1a"]


def test_letters_follow_a_label_with_its_number():
    assert labels(text("Exercise 1a"), code("x"), text("b) Scale"), code("y")) == [
        "1a",
        "1a",
        "1b",
        "1b",
    ]


def test_letters_follow_a_heading_that_gives_the_number_alone():
    found = labels(text("## Exercise 1"), text("f) Train it"), code("x = 1"))
    assert found[1:] == ["1f", "1f"]


def test_a_heading_with_the_next_number_starts_its_letters_again():
    found = labels(
        text("## Exercise 2"), text("2b) words"), text("## Exercise 3"), text("a) Build"), code("x")
    )
    assert found[3:] == ["3a", "3a"]


def test_without_known_exercises_nothing_is_labelled():
    cells = read_cells("a.ipynb", notebook(text("## 1a"), code("x", **starter("1a", "code"))))
    assert [cell.exercise for cell in cells] == [None, None]


def test_labels_are_read_from_scripts_too():
    cells = read_cells("a.py", b"# 1a\nx = 1\n\n# Exercise 1 (b)\ny = 2\n\nz = 3\n", KNOWN)
    assert [cell.exercise for cell in cells] == ["1a", "1b", "1b"]
