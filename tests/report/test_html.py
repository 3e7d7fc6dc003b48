from __future__ import annotations

import re
from itertools import pairwise

import pytest

from graders.report import render_html
from graders.result import Outcome, Result
from tests.builders.evidence import (
    accuracy,
    adam_training,
    dense_training,
    long_training,
    skipped_training,
)
from tests.builders.hostile import make_hostile
from tests.builders.results import exercise, judgement, lost, of_fashion_cnn, passed, question
from tests.builders.samples import (
    COMMENT,
    LATE,
    REASON,
    make_full_marks,
    make_judged,
    make_losses,
    make_missing,
    make_unusable,
)

from .pages import PageReader

MAKERS = [
    make_full_marks,
    make_losses,
    make_unusable,
    make_hostile,
    make_judged,
    make_missing,
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("audience", ["student", "staff"])
def test_every_page_is_well_formed(make, audience):
    page = PageReader.read(render_html(make(), audience=audience))
    assert page.problems == []


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_ids_are_unique_and_every_link_leads_to_one_of_them(make):
    page = PageReader.read(render_html(make()))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert set(page.values("href")) <= {f"#{id_}" for id_ in ids}
    assert set(" ".join(page.values("aria-labelledby")).split()) <= set(ids)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_headings_start_at_one_and_skip_no_level(make):
    levels = [level for level, _ in PageReader.read(render_html(make())).headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_page_runs_no_script_and_loads_nothing(make):
    html = render_html(make())
    page = PageReader.read(html)
    assert {"script", "link", "img", "iframe", "object", "base"}.isdisjoint(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "src"]
    assert not re.search(r"url\(|@import", html)
    assert "default-src 'none'" in html


def test_a_page_names_no_address(losses):
    assert not re.search(r"https?://|//[a-z]", render_html(losses))


def test_hostile_text_is_shown_as_text(hostile):
    page = PageReader.read(render_html(hostile))
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert "<script>alert(1)</script> {{7*7}} {% raw %} <b>x</b>" in page.text


def test_no_control_character_reaches_a_page(hostile):
    html = render_html(hostile)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", html)
    assert "[31m" not in html


def test_right_to_left_letters_survive(hostile):
    assert "שלום" in render_html(hostile)


def test_an_answer_keeps_its_line_breaks(losses):
    assert "updates" in render_html(losses)
    assert "I think the weights\nget updates" in render_html(losses)


def test_a_long_answer_can_be_scrolled_with_the_keyboard(hostile):
    html = render_html(hostile)
    assert re.search(r'class="verbatim answer long"[^>]* tabindex="0"', html)
    assert "line 199" in html


def test_the_score_is_named_with_its_parts(losses):
    text = PageReader.read(render_html(losses)).text
    assert "6.12 of 20 points" in text
    assert "5.12 earned" in text
    assert "5 pending" in text
    assert "9.88 lost" in text
    assert "1 of 2 bonus" in text


def test_the_data_that_a_result_rests_on_are_named(losses):
    text = PageReader.read(render_html(losses)).text
    assert "This rests on fashion_mnist ( data folder )" in text


def test_every_exercise_has_a_place_and_a_link_to_it(losses):
    page = PageReader.read(render_html(losses))
    headings = " | ".join(text for _, text in page.headings)
    for one in losses.exercises:
        assert f"#exercise-{one.id}" in page.values("href")
        assert f"{one.id} {one.title}" in headings


@pytest.mark.parametrize(
    "words", ["passed", "failed", "not attempted", "blocked", "could not be checked", "to be read"]
)
def test_outcomes_are_said_in_words(losses, words):
    assert words in PageReader.read(render_html(losses)).text


def test_a_lost_check_says_what_was_expected_found_where_and_one_thing_to_try(losses):
    text = PageReader.read(render_html(losses)).text
    assert "Expected inputs between 0 and 1" in text
    assert "Found inputs between 0 and 255 in all five trainings" in text
    assert "Where cell 6" in text
    assert "Try Divide the images by 255 before fit sees them: train_x / 255.0 ." in text


def test_a_check_that_did_not_pass_always_has_one_thing_to_try(losses):
    html = render_html(losses)
    with_advice = [
        check
        for check in losses.checks
        if check.outcome not in {Outcome.PASSED, Outcome.ERROR} and not check.hidden
    ]
    assert html.count("<dt>Try</dt>") == len(with_advice) + len(losses.execution.failed_cells)


def test_kept_points_name_the_exercise_that_paid(losses):
    page = PageReader.read(render_html(losses))
    assert "Points kept: this follows from 1c , where they were taken." in page.text


def test_an_error_is_the_graders_problem_and_costs_nothing(losses):
    text = PageReader.read(render_html(losses)).text
    assert "the grader's problem, not yours: no points are lost; a TA will look" in text
    assert "0 of 3 points , 3 pending" in text
    assert "KeyError" not in text


def test_staff_see_what_the_grader_failed_on(losses):
    assert "KeyError" in render_html(losses, audience="staff")


def test_students_see_only_title_and_outcome_of_a_hidden_check(losses):
    html = render_html(losses)
    assert "The same network is trained on all items" in html
    assert "SECRET" not in html


def test_staff_see_all_of_a_hidden_check(losses):
    html = render_html(losses, audience="staff")
    for part in ("MESSAGE", "EXPECTED", "FOUND", "WHERE", "HINT", "GRID", "FLAG"):
        assert f"SECRET-{part}" in html


def test_only_staff_see_rubrics(losses):
    rubric = "1 point: links the size of the inputs to the weight updates."
    assert rubric not in render_html(losses)
    assert rubric in render_html(losses, audience="staff")


def test_a_network_stands_beside_the_expected_one(losses):
    text = PageReader.read(render_html(losses)).text
    assert "differs Dense 10 relu output shape (10) 7,850 parameters Dense 20 relu" in text
    assert "no layer Dropout 0.2" in text
    assert "8,070 parameters 16,330 parameters" in text


def test_matrices_are_drawn_with_what_differs_framed(losses):
    html = render_html(losses)
    assert "10 entries of 25 differ" in html
    assert html.count('class="frame"') == 10
    assert "no matrix of this size" in html


def test_learning_curves_are_drawn_with_legend_and_words(losses):
    html = render_html(losses)
    assert "784-10-10-10, SGD 0.01, batch 64" in html
    assert "Accuracy; training over 3 epochs: 0.401, 0.6" in html
    assert "Loss; training over 3 epochs" in html


def test_every_training_is_shown_once_more_small(losses):
    html = render_html(losses)
    assert html.count('class="training small"') == len(losses.trainings)


def test_many_trainings_fold(full_marks):
    many = [full_marks.trainings[0].model_copy(update={"id": i}) for i in range(40)]
    html = render_html(full_marks.model_copy(update={"trainings": many}))
    assert "28 more trainings" in html


def test_the_same_evidence_is_shown_once_in_an_exercise(full_marks):
    html = render_html(full_marks)
    assert html.count("3 epochs · batches of 64 · 60,000 items") == 1


def test_evidence_is_open_beside_a_loss_and_folded_beside_a_pass(losses):
    one = next(exercise for exercise in losses.exercises if exercise.id == "1f")
    html = render_html(of_fashion_cnn("x", one, trainings=losses.trainings))
    assert html.count("3 epochs · batches of 64 · 60,000 items") == 1
    assert "Show the learning curves" not in html


def test_a_failed_cell_shows_error_frames_and_advice(losses):
    text = PageReader.read(render_html(losses)).text
    assert "Cell 22 ( 3a ) stopped with ValueError" in text
    assert "expected min_ndim=4, found ndim=3" in text
    assert "----> 8 cnn.fit(train_x, train_y, epochs=3)" in text
    assert "Try A convolution needs a channel" in text


def test_skipped_commands_and_cuts_are_said(losses):
    text = PageReader.read(render_html(losses)).text
    assert "!pip install keras" in text
    assert "The output of cell 14 was cut" in text


def test_an_unusable_submission_gets_its_sentence_and_no_score(unusable):
    text = PageReader.read(render_html(unusable)).text
    assert "Not graded" in text
    assert "line 214 holds a git merge-conflict marker" in text
    assert "0 of" not in text
    assert "Points were lost" not in text
    assert "Turn images" not in text


def test_an_incomplete_run_says_so_even_without_a_message(full_marks):
    execution = full_marks.execution.model_copy(update={"status": "timeout"})
    html = render_html(full_marks.model_copy(update={"execution": execution}))
    assert "stopped at its time limit" in html


def test_the_footer_names_versions_device_isolation_and_time(losses):
    text = PageReader.read(render_html(losses)).text
    for part in (
        "tensormark 0.1.0, result schema 1",
        "15 January 2026, 09:30 UTC",
        "cpu",
        "namespaces, landlock, limits",
        "tensorflow 2.21.0",
    ):
        assert part in text


def test_a_result_read_back_from_disk_gives_the_same_page(full_marks, tmp_path):
    path = tmp_path / "result.json"
    full_marks.save(path)
    assert render_html(Result.load(path)) == render_html(full_marks)


def shown(training, audience="student"):
    return PageReader.read(
        render_html(of_fashion_cnn("x", trainings=[training]), audience=audience)
    )


def test_a_training_says_that_the_grader_did_it_and_which_it_is():
    page = shown(dense_training(0))
    assert "Trained by the grader fingerprint 4f1a09c7 " in page.text + " "
    assert f"Fingerprint of this training: {'4f1a09c7e2b85d36' * 4}" in page.values("title")
    assert "not verified" not in page.text


def test_an_unverified_training_says_why_and_that_it_is_no_mistake():
    page = shown(long_training(0))
    assert (
        "Trained in your own process, measured by the grader: "
        "the callback StopWhenGood is the student's own."
    ) in page.text
    assert "That a training is not verified is no mistake" in page.text


def test_staff_read_whose_process_it_was():
    text = shown(long_training(0), "staff").text
    assert "Trained in the student's own process, measured by the grader" in text
    assert "no mistake" not in text


def test_a_training_that_could_not_be_measured_says_so():
    unmeasured = long_training(0).model_copy(update={"test_accuracy": None})
    text = shown(unmeasured).text
    assert "Trained in your own process, and not measured by the grader: the callback" in text
    assert "where it can't, a person looks, and nothing is lost" in text


def test_an_unverified_training_of_the_grader_is_not_called_the_students(losses):
    text = shown(losses.trainings[1]).text
    assert "Trained by the grader, but not verified: the training began" in text
    assert "Trained in your own process" not in text


def test_only_staff_hear_that_a_training_was_known_and_how_long_it_took():
    assert "known from" not in shown(adam_training(0)).text
    text = shown(adam_training(0), "staff").text
    assert "Trained by the grader, known from an equal training" in text
    assert "test accuracy 0.864 · 21 s" in text


def test_a_capped_training_says_so():
    capped = dense_training(0).model_copy(update={"capped": True})
    assert "Trained by the grader, on at most the capped epochs and items" in shown(capped).text


def test_a_skipped_training_is_not_trained_and_draws_no_curve():
    result = of_fashion_cnn("x", trainings=[skipped_training(0)])
    html = render_html(result, audience="staff")
    text = PageReader.read(html).text
    assert "Not trained: this grading skips trainings" in text
    assert 'class="plot"' not in html
    assert "0.4 s" not in text
    assert "Ended early" not in text
    assert "not verified" not in text


def test_an_interrupted_training_claims_no_accuracy(losses):
    text = shown(losses.trainings[4]).text
    assert "Ended early: interrupted" in text
    assert "Trained in your own process, not verified: the network is a class" in text


def test_a_reason_with_names_of_the_student_is_shown_as_text():
    note = "the callback <img src=x onerror=alert(1)> is the student's own"
    page = shown(long_training(0).model_copy(update={"note": note}))
    assert "img" not in page.tags
    assert note in page.text


def test_the_curves_of_an_exercise_say_how_they_were_trained(full_marks):
    one = next(exercise for exercise in full_marks.exercises if exercise.id == "1f")
    html = render_html(of_fashion_cnn("x", one, trainings=full_marks.trainings))
    section = html[html.index('id="exercise-1f"') : html.index('id="trainings"')]
    assert "Trained by the grader" in section


def alone(*checks, audience="student"):
    """Read the page of one exercise with these checks alone."""
    one = exercise("1f", "Train it", *checks)
    return render_html(of_fashion_cnn("x", one), audience=audience)


def test_a_score_stands_beside_the_references_with_its_sentence():
    scored = accuracy(0.7413, 0.7522)
    page = PageReader.read(alone(lost("1f", "Accuracy", score=0.62, evidence=[scored])))
    assert page.tags.count("circle") >= len(scored.reference)
    assert page.attributes.count(("path", "class", "attempt")) == 2 + 1  # and one in the legend
    assert page.attributes.count(("path", "class", "cutoff")) == 1 + 1
    assert "all points from 0.760 1 2 20 trainings of the reference" in page.text
    assert "this solution, by attempt part of the points Observed 0.741, then 0.752" in page.text
    assert any(
        label.startswith("test accuracy; 20 trainings") for label in page.values("aria-label")
    )


def test_the_legend_names_only_what_is_drawn():
    bare = accuracy(0.7413, reference=[], floor=0.7605)
    text = PageReader.read(alone(lost("1f", "Accuracy", evidence=[bare]))).text
    assert "this solution Observed" in text
    assert "of the reference" not in text
    assert "part of the points" not in text


def test_a_score_without_a_cutoff_is_a_sentence_alone():
    nowhere = accuracy(0.7413, cutoff=float("nan"))
    html = alone(lost("1f", "Accuracy", evidence=[nowhere]))
    assert 'class="plot"' not in html
    assert "Observed 0.741; all points from no number on" in html


def test_a_score_is_folded_beside_a_pass_and_open_beside_a_loss():
    scored = [accuracy(0.7413)]
    assert "Show the score</summary>" in alone(passed("1f", "x", evidence=scored))
    assert "<details" not in alone(lost("1f", "x", evidence=scored))


def test_a_part_of_the_points_is_neither_a_pass_nor_nothing():
    html = alone(lost("1f", "Accuracy", score=0.62))
    page = PageReader.read(html)
    assert "Accuracy in part 0.62 / of 1" in page.text
    assert "0.62 of 1 point" in page.text
    assert "some points lost" in page.text
    assert {"no points", "failed", "passed"}.isdisjoint(
        re.findall("no points|failed|passed", page.text)
    )
    assert page.values("class").count("icon partial") == 2
    assert not [name for name in page.values("class") if name in {"icon failed", "icon passed"}]


def test_kept_points_are_not_called_a_part_of_them():
    kept = lost("1f", "Accuracy", score=0.5, follows_from="1f")
    assert "points kept" in alone(kept)
    assert "in part" not in alone(kept)


def test_points_have_two_decimals_at_most():
    text = PageReader.read(alone(lost("1f", "Accuracy", score=0.618034))).text
    assert "0.62 of 1 point" in text
    assert "0.38 lost" in text
    assert "0.618" not in text


def test_what_a_person_should_look_at_stands_beside_the_check_and_takes_no_points():
    page = PageReader.read(alone(passed("1f", "Accuracy", flag="It is `high`.")))
    assert "Accuracy passed 1 / of 1 Noted for a person: It is high ." in page.text
    assert "icon flag" in page.values("class")
    assert "1 of 1 point" in page.text


def test_nothing_is_noted_where_there_is_nothing_to_look_at(full_marks):
    assert "icon flag" not in render_html(full_marks)


@pytest.mark.parametrize("flag", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
def test_titles_of_scores_and_flags_are_shown_as_text(flag):
    scored = [accuracy(0.7413, title=flag)]
    page = PageReader.read(alone(lost("1f", "x", evidence=scored, flag=flag)))
    assert {"script", "img"}.isdisjoint(page.tags)
    assert page.text.count(flag) == 2


def test_students_see_no_flag_of_a_hidden_check():
    hidden = lost("1f", "Accuracy", hidden=True, flag="Too high.")
    assert "Too high" not in alone(hidden)
    assert "icon flag" not in alone(hidden)
    assert "Too high" in alone(hidden, audience="staff")


def test_the_score_the_parts_and_the_deduction_add_up_on_the_page():
    text = PageReader.read(render_html(make_judged())).text
    assert "5.2 of 8 points" in text
    assert "6 earned 0.8 taken off for lateness 2 lost" in text
    assert LATE in text


def test_in_time_nothing_is_said_of_lateness(losses):
    assert "lateness" not in PageReader.read(render_html(losses)).text


def test_a_comment_keeps_its_lines_and_stays_text():
    html = render_html(make_judged())
    assert COMMENT in html
    assert REASON in PageReader.read(html).text
    assert "b" not in PageReader.read(html).tags


def test_a_score_for_the_whole_exercise_is_said_to_be_a_persons():
    text = PageReader.read(render_html(make_judged())).text
    assert "A person has set the score of this exercise. in place of all else 3.5 / of 5" in text


def test_who_has_judged_and_when_is_for_staff_alone():
    judged = make_judged()
    staff = PageReader.read(render_html(judged, audience="staff")).text
    assert "Scored by Tutor A , 6 May 2026, 09:00 UTC" in staff
    assert "Tutor A" not in render_html(judged)


def test_a_question_under_a_score_for_all_waits_for_nobody():
    judged = make_judged()
    first = judged.exercises[0]
    first.override = judgement(3, "")
    first.manual = question("Why?", "So.")
    text = PageReader.read(render_html(judged)).text
    assert "to be read by a person" not in text
    assert "counted in the score for the exercise" in text


def test_the_choice_of_the_file_and_what_lay_beside_it_are_said(full_marks):
    full_marks.submission.chosen = "<b>hw.ipynb</b> was graded; hw.py is its export."
    full_marks.submission.brought = ["helpers.py", "<script>.csv"]
    page = PageReader.read(render_html(full_marks))
    assert "<b>hw.ipynb</b> was graded; hw.py is its export." in page.text
    assert "Beside it lay helpers.py , <script>.csv ." in page.text


def test_who_handed_in_nothing_has_a_page_that_says_so():
    text = PageReader.read(render_html(make_missing())).text
    assert "0 of 32 points" in text
    assert "Nothing was handed in." in text
    assert "Not graded" not in text


def test_an_unusable_file_shows_the_points_that_a_person_gave(unusable):
    given = unusable.exercises[0]
    given.override, given.score = judgement(5, "From the printout."), 5.0
    text = PageReader.read(render_html(unusable.model_copy(update={"score": 5.0}))).text
    assert "5 of 32 points" in text
    assert "From the printout." in text
    assert "merge-conflict" in text
