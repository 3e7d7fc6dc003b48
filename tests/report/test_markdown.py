from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from graders.report import render_markdown
from graders.report.markdown import escape, fenced, prose
from tests.builders.evidence import accuracy, long_training, skipped_training
from tests.builders.results import exercise, judgement, lost, of_fashion_cnn
from tests.builders.samples import COMMENT, LATE, REASON, make_judged, make_missing

from .pages import PageReader


def to_page(markdown: str) -> PageReader:
    """Render as a platform would that allows raw HTML: the worst case."""
    return PageReader.read(
        MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    )


def test_hostile_text_stays_text_where_raw_html_is_allowed(hostile):
    page = to_page(render_markdown(hostile))
    assert {"script", "b", "em"}.isdisjoint(page.tags)
    assert "<script>alert(1)</script> {{7*7}} {% raw %} <b>x</b>" in page.text


def test_a_traceback_cannot_end_its_block(hostile):
    headings = [text for _, text in to_page(render_markdown(hostile)).headings]
    assert "heading" not in headings


def test_no_control_character_reaches_the_markdown(hostile):
    markdown = render_markdown(hostile)
    assert not [c for c in markdown if ord(c) < 32 and c != "\n"]


def test_every_exercise_is_a_heading(losses):
    headings = [text for _, text in to_page(render_markdown(losses)).headings]
    for one in losses.exercises:
        assert f"{one.id} {one.title}" in headings


def test_score_reason_and_advice_are_there(losses):
    text = to_page(render_markdown(losses)).text
    assert "6.12 of 20 points" in text
    assert "Found: inputs between 0 and 255" in text
    assert "Try: Divide the images by 255 before fit sees them" in text
    assert "Points kept: this follows from 1c" in text


def test_evidence_of_losses_is_there(losses):
    page = to_page(render_markdown(losses))
    assert "differs Dense 10 relu Dense 20 relu" in page.text
    assert "0 4 0 -4 0" in page.text
    assert "last accuracy 0.680 0.688" in page.text


def test_hidden_checks_hide(losses):
    assert "SECRET" not in render_markdown(losses)
    assert "SECRET-FOUND" in render_markdown(losses, audience="staff")


def test_an_unusable_submission_gets_its_sentence(unusable):
    text = to_page(render_markdown(unusable)).text
    assert "Not graded" in text
    assert "merge-conflict marker" in text


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "- no item",
        "1. no item",
        "a | b",
        "<b>",
        "[a](b)",
        "a\n\n---\nb",
        "~~~",
        "`a",
    ],
)
def test_escaped_text_reads_as_it_was(text):
    page = to_page(escape(text))
    assert set(page.tags) == {"p"}
    assert page.text == " ".join(text.split())


def test_figures_are_not_disturbed():
    assert escape("0.768 of 1.5, 8,070") == "0.768 of 1.5, 8,070"


def test_sentences_keep_their_code():
    assert prose("Use `a_b`, not a_b.") == "Use `a_b`, not a\\_b."


def test_a_block_is_fenced_longer_than_any_fence_inside():
    assert fenced("a\n````\nb").startswith("`````text\n")


def test_every_training_says_how_it_was_trained(losses):
    text = to_page(render_markdown(losses)).text
    assert "Trained by the grader (b07d3e91)" in text
    assert "Trained in your own process, measured by the grader: the callback" in text
    assert "That a training is not verified is no mistake" in text


def test_a_training_beside_a_loss_says_how_it_was_trained(losses):
    losses.trainings = [long_training(0)]
    before = to_page(render_markdown(losses)).text.split("Your trainings")[0]
    assert "Trained in your own process" in before


def test_a_skipped_training_shows_no_curve(losses):
    losses.trainings = [skipped_training(0)]
    page = to_page(render_markdown(losses))
    assert "Not trained: this grading skips trainings" in page.text
    assert "last accuracy 0" not in page.text


def test_a_score_has_its_sentence_beside_a_loss(losses):
    text = to_page(render_markdown(losses)).text
    assert "test accuracy: Observed 0.741, then 0.748 and 0.739 in further attempts;" in text


def test_a_part_of_the_points_is_said_as_such(losses):
    text = to_page(render_markdown(losses)).text
    assert "◐ in part : The test accuracy is where it should be (0.62 of 1 point)" in text


def test_what_a_person_should_look_at_is_said_beside_a_pass(losses):
    text = to_page(render_markdown(losses)).text
    noted = "⚑ noted for a person : The Adam minus SGD of 0.064 is more than"
    assert text.index("Adam reaches a higher accuracy than SGD") < text.index(noted)


def test_a_hostile_title_of_a_score_stays_text():
    scored = [accuracy(0.7, title="<script>*x*</script>")]
    check = lost("1f", "x", evidence=scored, flag="<script>*y*</script>")
    page = to_page(render_markdown(of_fashion_cnn("x", exercise("1f", "x", check))))
    assert {"script", "em"}.isdisjoint(page.tags)
    assert "<script>*x*</script>: Observed" in page.text
    assert "<script>*y*</script>" in page.text


def test_the_score_the_rows_and_the_deduction_add_up():
    text = to_page(render_markdown(make_judged())).text
    assert "5.2 of 8 points (6 earned, 0.8 taken off for lateness)" in text
    assert "1a Turn images into vectors 2.5 of 3 1b Scale the pixels 3.5 of 5" in text
    assert "taken off for lateness -0.8" in text
    assert LATE in text


def test_comments_of_a_person_are_there_and_the_name_is_for_staff():
    text = to_page(render_markdown(make_judged())).text
    assert " ".join(COMMENT.split()) in text
    assert "the score of this exercise is 3.5 of 5 points, in place of all else" in text
    assert REASON in text
    assert "Tutor A" not in text
    assert "Scored by Tutor A" in render_markdown(make_judged(), audience="staff")


def test_a_comment_ends_no_block_and_is_no_markup():
    judged = make_judged()
    judged.exercises[1].override = judgement(1, "```\n# heading\n<script>x</script>")
    page = to_page(render_markdown(judged))
    assert "script" not in page.tags
    assert "heading" not in [text for _, text in page.headings]


def test_the_choice_of_the_file_is_said(full_marks):
    full_marks.submission.chosen = "hw.ipynb was graded; *hw.py* is its export."
    full_marks.submission.brought = ["data|1.csv"]
    text = to_page(render_markdown(full_marks)).text
    assert "hw.ipynb was graded; *hw.py* is its export." in text
    assert "Beside it lay data|1.csv." in text


def test_who_handed_in_nothing_is_told_so():
    text = to_page(render_markdown(make_missing())).text
    assert "0 of 32 points" in text
    assert "Nothing was handed in." in text
