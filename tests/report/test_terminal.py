from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from graders.report import print_result
from tests.builders.evidence import long_training, skipped_training
from tests.builders.samples import COMMENT, LATE, make_judged, make_missing


def printed(result, **settings) -> str:
    console = Console(file=io.StringIO(), width=80, **settings)
    print_result(result, console)
    return console.file.getvalue()


def on_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", ["full_marks", "losses", "unusable", "hostile"])
def test_nothing_is_wider_than_80_columns(name, request):
    lines = printed(request.getfixturevalue(name)).splitlines()
    assert max(len(line) for line in lines) <= 80


def test_without_colour_there_is_no_escape_sequence(losses):
    assert "\x1b" not in printed(losses, no_color=True)


def test_hostile_text_moves_no_cursor_and_is_no_markup(hostile):
    output = printed(hostile)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", output)
    assert "<script>alert(1)</script>" in output


def test_brackets_of_a_student_are_printed_as_they_are(losses):
    check = losses.exercises[1].checks[0]
    check.found = "[red]values[/red] [link=file:///x]y[/link] [[0]]"
    assert "[red]values[/red] [link=file:///x]y[/link] [[0]]" in printed(losses)


def test_the_score_and_the_pending_points_come_first(losses):
    assert "6.12 of 20 points, 1 of them bonus; 6 points pending" in printed(losses)[:400]


def test_every_exercise_has_a_row_with_its_points_and_one_symbol_per_outcome(losses):
    output = printed(losses)
    for exercise in losses.exercises:
        assert re.search(rf"^{exercise.id} +{exercise.title}", output, re.MULTILINE)
    assert re.search(r"^2a +Four convolutions +1/3 +✗ ✓ ✗", output, re.MULTILINE)
    assert re.search(r"^1b +Scale the pixels +0/2 +✗ \?", output, re.MULTILINE)


def test_the_symbols_are_explained(losses):
    text = on_one_line(printed(losses))
    for entry in ("✓ passed", "✗ failed", "○ not attempted", "⊘ blocked", "? to be read"):
        assert entry in text


def test_a_lost_check_says_what_was_expected_found_where_and_what_to_try(losses):
    text = on_one_line(printed(losses))
    assert "expected inputs between 0 and 1" in text
    assert "found inputs between 0 and 255" in text
    assert "where cell 6" in text
    assert "try Divide the images by 255" in text
    assert "Points kept: this follows from 1c." in text


def test_hidden_checks_hide(losses):
    assert "SECRET" not in printed(losses)


def test_a_failed_cell_is_named_with_its_error(losses):
    text = on_one_line(printed(losses))
    assert "cell 22 (3a) stopped with ValueError" in text
    assert "try A convolution needs a channel" in text


def test_an_unusable_submission_gets_its_sentence(unusable):
    text = on_one_line(printed(unusable))
    assert "Not graded" in text
    assert "line 214 holds a git merge-conflict marker" in text


def test_a_terminal_without_unicode_gets_plain_characters(losses):
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding="ascii"), width=80)
    losses.submission.student = "Zoë ✓"
    print_result(losses, console)
    console.file.flush()
    output = raw.getvalue().decode("ascii")
    assert "Zo? ?" in output
    assert "x failed" in output


def test_trainings_that_are_not_verified_get_one_line_with_the_reasons(losses):
    text = on_one_line(printed(losses))
    assert "3 of 5 trainings are not verified: the training began with" in text
    assert "; the callback StopWhenGood is the student's own;" in text


def test_verified_trainings_are_not_mentioned(full_marks):
    assert "verified" not in printed(full_marks)


def test_skipped_trainings_are_not_called_unverified(full_marks):
    full_marks.trainings = [skipped_training(0), long_training(1)]
    text = on_one_line(printed(full_marks))
    assert "The training is not verified: the callback" in text


def test_a_training_that_gives_no_reason_is_still_counted(full_marks):
    full_marks.trainings[0] = full_marks.trainings[0].model_copy(update={"verified": False})
    assert "1 of 2 trainings is not verified." in on_one_line(printed(full_marks))


def test_a_score_is_said_in_short_beside_a_loss(losses):
    text = on_one_line(printed(losses))
    assert "measured test accuracy 0.741, 0.748, 0.739 (3 of up to 3 attempts); all poi" in text


def test_a_part_of_the_points_has_its_own_sign_and_its_points(losses):
    output = printed(losses)
    assert re.search(r"^1f +Train it for three epochs +1.62/2 +✓ ◐", output, re.MULTILINE)
    assert "1f  ◐ The test accuracy is where it should be  0.62/1" in output
    assert "◐ in part" in output


def test_a_check_that_passed_is_printed_where_a_person_should_look_at_it(losses, full_marks):
    text = on_one_line(printed(losses))
    assert "4b ✓ Adam reaches a higher accuracy than SGD 1/1 measured Adam minus SGD +0.064" in text
    assert "⚑ noted The Adam minus SGD of 0.064 is more than right solutions reach" in text
    assert "noted" not in printed(full_marks)


def test_the_score_the_rows_and_the_deduction_add_up():
    output = printed(make_judged())
    assert "5.2 of 8 points (6 earned, 0.8 taken off for lateness)" in output
    assert re.search(r"^1a .* 2.5/3 ", output, re.MULTILINE)
    assert re.search(r"^1b .* 3.5/5 ", output, re.MULTILINE)
    assert re.search(r"taken off for lateness +-0.8", output)
    assert LATE in on_one_line(output)


def test_what_a_person_says_is_printed_without_the_name():
    output = printed(make_judged())
    assert " ".join(COMMENT.split()) in on_one_line(output)
    assert "1b  ✍ set by a person  3.5/5" in output
    assert "✍ set by a person" in output.split("1b  ✗")[0]
    assert "Tutor A" not in output


def test_a_terminal_without_unicode_can_say_it_too():
    console = Console(
        file=io.TextIOWrapper(io.BytesIO(), "ascii", errors="strict"), width=80, no_color=True
    )
    print_result(make_judged(), console)


def test_the_choice_of_the_file_is_printed(full_marks):
    full_marks.submission.chosen = "hw.ipynb was graded; hw.py is its export."
    full_marks.submission.brought = ["helpers.py"]
    output = printed(full_marks)
    assert "hw.ipynb was graded; hw.py is its export." in output
    assert "Beside it lay: helpers.py" in output


def test_who_handed_in_nothing_is_told_so():
    output = printed(make_missing())
    assert "0 of 32 points" in output
    assert "Nothing was handed in." in output
