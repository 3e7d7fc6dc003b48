"""What students wrote in words is found where it stands, and belongs to the label above it."""

from __future__ import annotations

import time

import pytest

from graders.checks.texts import text_answers, text_value
from graders.submission import read_cells
from tests.builders.recordings import Run
from tests.builders.submissions import code, notebook, text

KNOWN = {"1a", "1b", "1c", "1d", "1i", "1j", "2b", "4b"}
PROMPT = "**1b, in words.** Why?"
OPEN = "*Your answer here.*"
STARTER = {PROMPT, OPEN, "# your code here"}


def starter_cell(text: str) -> Run:
    run = Run()
    run.cell(f"{PROMPT}\n\n{text}", kind="markdown", exercise="1b", role="text")
    return run


def answers(run: Run) -> dict[str, str]:
    return text_answers(run.folder().data.cells, KNOWN, STARTER)


def words(run: Run) -> str | None:
    return answers(run).get("1b")


def test_the_prompts_of_the_starter_are_not_the_students_words():
    assert words(starter_cell("Because of the gradients.")) == "Because of the gradients."


def test_an_untouched_text_cell_holds_no_answer():
    assert words(starter_cell(OPEN)) is None


def test_an_answer_of_several_paragraphs_is_kept_whole():
    assert words(starter_cell("First.\n\nSecond.")) == "First.\n\nSecond."


def test_a_task_is_not_an_answer():
    run = Run()
    run.cell("### 1b Scale the pixels, please", kind="markdown", exercise="1b", role="task")
    assert words(run) is None


def test_without_the_starter_a_markdown_cell_of_the_exercise_is_the_answer():
    run = Run()
    run.cell("1b) Because of the gradients.", kind="markdown", exercise="1b")
    run.cell("1c) Another exercise.", kind="markdown", exercise="1c")
    assert words(run) == "1b) Because of the gradients."


def test_an_answer_in_a_cell_below_an_untouched_text_cell_is_found():
    run = starter_cell(OPEN)
    run.cell("Because of the gradients.", kind="markdown", exercise="1b")
    assert words(run) == "Because of the gradients."


def test_sentences_in_the_comments_of_a_script_are_an_answer():
    run = Run()
    run.cell(
        "# 1b\nx = x / 255\n# Because otherwise the steps are too large.", exercise="1b", role=None
    )
    assert words(run) == "Because otherwise the steps are too large."


def test_short_remarks_in_code_are_no_answer():
    run = Run()
    run.cell("x = x / 255  # scale\n# scale the pixels", exercise="1b")
    assert words(run) is None


def test_comments_of_the_starter_are_no_answer():
    run = Run()
    run.cell("# put your own code in place of this\nx = 1", exercise="1b")
    given_lines = STARTER | {"# put your own code in place of this"}
    assert not text_answers(run.folder().data.cells, KNOWN, given_lines)


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_a_text_block_in_a_script_is_an_answer(quotes):
    run = Run()
    run.cell(f"{quotes}\nBecause of the gradients.\n{quotes}", exercise="1b")
    assert words(run) == "Because of the gradients."


def test_a_text_block_below_its_label_is_an_answer():
    run = Run()
    run.cell('# 1b\n"""\nBecause of the gradients.\n"""', exercise="1b")
    assert words(run) == "Because of the gradients."


def test_the_words_of_another_exercise_are_not_taken():
    run = Run()
    run.cell("# Because otherwise the steps are too large.", exercise="1c")
    assert words(run) is None


# -- several exercises in one cell, headings and answers in several -------------------------


def read(*cells: object) -> dict[str, str]:
    """Answers of a notebook, as it is read before it runs."""
    return text_answers(read_cells("a.ipynb", notebook(*cells, code("z = 0")), KNOWN), KNOWN, set())


def test_an_answer_above_the_heading_of_the_next_exercise_belongs_to_the_one_before():
    found = read(
        text("## Aufgabe 1b)"),
        code("x = x / 255"),
        text("Weil die Gradienten sonst zu lang sind.\n## Aufgabe 1c)"),
        code("model = 1"),
        text("Zehn Klassen.\n## Aufgabe 1d)"),
    )
    assert found == {"1b": "Weil die Gradienten sonst zu lang sind.", "1c": "Zehn Klassen."}


def test_answers_that_share_a_cell_are_told_apart():
    found = read(text("**(1b)** the steps would be too long\n\n**(1c)** ten classes"))
    assert found == {
        "1b": "**(1b)** the steps would be too long",
        "1c": "**(1c)** ten classes",
    }


def test_what_follows_two_labels_in_a_cell_belongs_to_the_second():
    found = read(
        text("**(1b)** long steps\n\n**(1c)** ten classes"), code("m = 1"), text("And so.")
    )
    assert found["1c"] == "**(1c)** ten classes\n\nAnd so."


def test_answers_that_share_the_comments_of_a_cell_are_told_apart():
    found = read(code("# 1i: Overfitting makes the gap.\nx = 1\n# 1j: sneakers with a shaft"))
    assert found == {"1i": "1i: Overfitting makes the gap.", "1j": "1j: sneakers with a shaft"}


def test_the_heading_of_another_part_ends_an_answer():
    found = read(
        text("**(1j)** same outline as boots\n# Part 2"), code("a = 1"), text("Free words.")
    )
    assert found == {"1j": "**(1j)** same outline as boots"}


def test_a_new_part_begins_with_a_heading_of_its_own():
    found = read(text("### 4b\n"), code("a = 1"), text("Il adapte le pas.\n## Partie 1\n### 1a"))
    assert found == {"4b": "Il adapte le pas."}


@pytest.mark.parametrize(
    "sentence",
    [
        "In contrast to 1c this is about the pixels.",
        "The steps would be too long.\n1c and 1d don't depend on it.",
        "The steps would be too long, unlike in\n1c where nothing is scaled.",
        "**Scaled**: as for 1c, steps would be too long.",
    ],
)
def test_naming_another_exercise_in_a_sentence_is_no_label(sentence):
    assert read(text("## 1b"), code("x = 1"), text(sentence)) == {"1b": sentence}


@pytest.mark.parametrize(
    "label",
    [
        "1b)",
        "(1b)",
        "1b:",
        "1 (b)",
        "**1b**",
        "Exercise 1b:",
        "Antwort zu 1b:",
        "Q1b.",
        "Réponse 1b -",
        "### Scaling (1b)\n\n",
        "- 1b:",
        "__Answer to 1b__",
        "Begründung 1b:",
        "1b",
    ],
)
def test_a_label_may_be_written_in_many_ways(label):
    cell = f"{label} Steps would be too long."
    assert read(text("## 1a"), text(cell)) == {"1b": cell}


def test_two_answers_in_one_line_are_told_apart():
    found = read(text("1b: the steps are too long. 1c: ten classes; 1i) overfitting, mostly!"))
    assert found == {
        "1b": "1b: the steps are too long.",
        "1c": "1c: ten classes;",
        "1i": "1i) overfitting, mostly!",
    }


def test_an_answer_that_is_printed_below_its_label_is_found():
    found = read(code("print('training the first network')\nprint('1c: Because of ten classes.')"))
    assert found == {"1c": "1c: Because of ten classes."}


@pytest.mark.parametrize("name", ["answers", "texts"])
def test_an_answer_in_words_in_the_dict_of_answers_is_found(name):
    run = Run()
    run.recording.values[name] = {"1b": "There are 10 reasons for it.", "1c": "3,330", "1d": 10}
    folder = run.folder()
    assert text_value(folder, "1b") == "There are 10 reasons for it."
    assert text_value(folder, "1c") is None
    assert text_value(folder, "1d") is None
    assert text_value(folder, "1i") is None


def test_a_calculation_in_the_dict_of_answers_is_no_answer_in_words():
    run = Run()
    run.recording.values["answers"] = {"4a": "784 * 10 + 10 = 7850"}
    assert text_value(run.folder(), "4a") is None


@pytest.mark.parametrize("heading", ["## 1b", "## 1b Scale the pixels", "Exercise 1b"])
def test_a_heading_alone_is_no_answer(heading):
    assert not read(text(heading), code("x = 1"))


def test_a_list_within_an_answer_does_not_end_it():
    answer = "Two reasons:\na) long steps\nb) dead units"
    assert read(text("## 1b"), text(answer)) == {"1b": answer}


def test_of_a_text_of_absurd_length_only_the_beginning_is_read():
    found = read(text("## 1b"), *[text("word " * 30_000) for _ in range(30)])
    assert len(found["1b"]) <= 2_001_000


@pytest.mark.parametrize(
    "piece", ["#", "- ", ". 1 ", "**1", "1 ", "1b ", "a", "ex ", "1" + " " * 900]
)
def test_a_line_as_long_as_its_author_liked_is_no_hold_up(piece):
    line = piece * (99_000 // len(piece))
    began = time.process_time()
    found = read(text("## 1b"), text(f"{line}\nBecause of the gradients."), code(f"# {line}"))
    assert found["1b"].endswith("Because of the gradients.")
    assert time.process_time() - began < 60
