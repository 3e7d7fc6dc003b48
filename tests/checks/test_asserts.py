from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.checks import (
    CheckFailed,
    NotAttempted,
    Unscored,
    assert_answer,
    assert_aspects,
    assert_layers,
    assert_matrix,
    describe_indices,
    find_array,
    require,
    where_defined,
)
from graders.checks.aspects import Aspect
from graders.checks.asserts import hint_for, in_words
from graders.checks.matching import _COSTS
from graders.checks.outcome import begin_notes
from graders.recording.schema import ArrayRecord
from graders.result import GridEvidence, NetworkEvidence, TrainingEvidence
from tests.builders.fashion_cnn import Solution, matched
from tests.builders.networks import compiled, dense_layers, strided_layers
from tests.builders.recordings import Run


def failure(kind: type, function, *arguments: Any, **settings: Any):
    with pytest.raises(kind) as caught:
        function(*arguments, **settings)
    return caught.value


# -- require --------------------------------------------------------------------------------


def test_a_network_that_is_missing_was_not_attempted():
    error = failure(NotAttempted, require, matched(Run())["small"], "dense network")
    assert error.message == "No dense network was found."
    assert error.hint


def test_a_network_that_was_never_trained_was_not_attempted_and_is_shown():
    run = Run()
    run.build(dense_layers(10, 10), compiled())
    evidence = begin_notes().evidence
    error = failure(NotAttempted, require, matched(run)["small"], "dense network")
    assert "was built but never trained" in error.message
    assert error.where == "cell 1"
    assert isinstance(evidence[0], NetworkEvidence)


def test_a_network_that_was_never_trained_will_do_where_training_is_not_asked():
    run = Run()
    network = run.build(dense_layers(10, 10), compiled())
    attempt = require(matched(run)["small"], "dense network", trained=False)
    assert attempt.network.id == network.id


def test_a_training_that_broke_off_says_so():
    run = Solution(small={"status": "error"})
    error = failure(NotAttempted, require, run.matches["small"], "dense network")
    assert "given to fit(), which did not come to its end" in error.message


def test_a_training_of_no_epoch_says_so():
    run = Solution(small={"epochs": 0})
    error = failure(NotAttempted, require, run.matches["small"], "dense network")
    assert "was given to fit(), but for no epoch at all" in error.message


def test_a_training_that_only_the_students_process_tells_of_is_left_open():
    run = Solution()
    training = run.run.recording.trainings[0]
    training.measured_by, training.note = "", "the layer Own is not one of Keras' own"
    error = failure(Unscored, require, run.matches["small"], "dense network")
    assert error.message.endswith(
        "nor measure its network: the layer Own is not one of Keras' own."
    )
    assert "Nothing is lost" in error.hint
    require(run.matches["small"], "dense network", trained=False)


@pytest.mark.parametrize(
    "known", [{"measured_by": "grader"}, {"trained": "trusted"}, {"status": "skipped"}]
)
def test_a_training_that_the_grader_knows_of_will_do(known):
    run = Solution()
    training = run.run.recording.trainings[0]
    training.measured_by = ""
    run.run.recording.trainings[0] = training.model_copy(update=known)
    require(run.matches["small"], "dense network")


def test_the_training_that_a_check_looks_at_is_shown():
    run = Solution()
    evidence = begin_notes().evidence
    require(run.matches["wide"], "wide network")
    assert evidence == [TrainingEvidence(training=run.meant["wide"], exercise="1h")]


# -- layers and settings --------------------------------------------------------------------


def test_right_layers_pass_and_are_shown():
    evidence = begin_notes().evidence
    assert_layers(Solution().matches["small"], "784-10-10-10")
    (table,) = evidence
    assert isinstance(table, NetworkEvidence)
    assert all(row.same for row in table.rows)


def test_wrong_layers_are_said_in_words():
    match = Solution(small={"layers": dense_layers(10, 20)}).matches["small"]
    error = failure(CheckFailed, assert_layers, match, "two hidden layers of 10")
    assert error.message == "Dense layer 2 has 20 units instead of 10."
    assert error.found == "784-10-20-10"
    assert error.follows_from == ()


def test_many_differences_are_counted_and_not_listed():
    layers = [*dense_layers(1, 2), *dense_layers(3, 4)[1:], *dense_layers(5, 6)[1:]]
    match = Solution(small={"layers": layers}).matches["small"]
    error = failure(CheckFailed, assert_layers, match, "two hidden layers of 10")
    assert "more differences" in error.message


def test_a_check_looks_only_at_the_differences_that_concern_it():
    match = Solution(small={"layers": dense_layers(10, 20)}).matches["small"]
    begin_notes()
    assert_layers(match, "10 outputs", concerning=lambda difference: difference.is_output)


def test_branches_are_not_a_chain():
    run = Solution()
    run.run.recording.networks[0].chain = False
    error = failure(CheckFailed, assert_layers, run.matches["small"], "layers in a row")
    assert "branches" in error.message


def test_layers_that_were_wrong_before_follow_from_the_first_exercise():
    twenty = {"layers": dense_layers(20, 20)}
    match = Solution(small=twenty, slow=twenty).matches["slow"]
    error = failure(CheckFailed, assert_layers, match, "the network of 1c")
    assert error.follows_from == ("1c",)


def test_layers_with_an_additional_mistake_follow_from_nothing():
    match = Solution(
        small={"layers": dense_layers(20, 20)}, slow={"layers": dense_layers(20, 30)}
    ).matches["slow"]
    error = failure(CheckFailed, assert_layers, match, "the network of 1c")
    assert error.follows_from == ()


def test_layers_first_wrong_in_4a_cost_4b_nothing():
    layers = strided_layers(32, 8)
    match = Solution(strided={"layers": layers}, adam={"layers": layers}).matches["adam"]
    error = failure(CheckFailed, assert_layers, match, "the network of 4a")
    assert "4a" in error.follows_from


def test_right_settings_pass():
    assert_aspects(Solution().matches["small"], "optimizer", "loss", "metrics", "epochs", "items")


def test_a_wrong_setting_says_expected_and_found():
    match = Solution(slow={"settings": compiled(rate=0.05)}).matches["slow"]
    error = failure(CheckFailed, assert_aspects, match, "learning_rate")
    assert error.message == "The learning rate is 0.05, not 0.005."
    assert (error.expected, error.found) == ("0.005", "0.05")


def test_settings_that_are_not_asked_about_do_not_matter():
    match = Solution(small={"settings": compiled("Adam")}).matches["small"]
    assert_aspects(match, "loss", "metrics")


def test_a_setting_that_was_wrong_before_follows_from_there():
    adam = {"settings": compiled("Adam")}
    match = Solution(small=adam, wide=adam).matches["wide"]
    error = failure(CheckFailed, assert_aspects, match, "optimizer", "loss")
    assert error.follows_from == ("1e",)


def test_an_inherited_setting_beside_a_new_mistake_follows_from_nothing():
    match = Solution(
        small={"settings": compiled("Adam")},
        wide={"settings": compiled("Adam"), "agreement": 0.1},
    ).matches["wide"]
    error = failure(CheckFailed, assert_aspects, match, "optimizer", "labels")
    assert error.follows_from == ()


def test_a_loss_first_wrong_in_3b_costs_4a_nothing():
    wrong = {"settings": compiled(loss="mse")}
    match = Solution(cnn=wrong, strided=wrong).matches["strided"]
    error = failure(CheckFailed, assert_aspects, match, "loss")
    assert "3b" in error.follows_from


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"settings": compiled("Adam")}, "optimizer", "keras.optimizers.SGD()"),
        ({"settings": compiled(rate=0.5)}, "learning_rate", "learning_rate=0.005"),
        ({"epochs": 5}, "epochs", "It takes 3 epochs in fit()"),
        ({"shape": (28, 28)}, "vectorised", "the shape (n, 784)"),
    ],
)
def test_a_hint_says_what_was_wanted(changes, name, words):
    match = Solution(slow=changes).matches["slow"]
    error = failure(CheckFailed, assert_aspects, match, name)
    assert words in error.hint


def test_images_that_mix_pixels_have_a_hint_of_their_own():
    run = Solution()
    data = run.run.recording.trainings[0].data
    assert data.x is not None
    assert data.x.origin is not None
    data.x.origin.layout = "scrambled"
    error = failure(CheckFailed, assert_aspects, run.matches["small"], "vectorised")
    assert "x.reshape(len(x), -1)" in error.hint


def test_every_respect_in_which_a_training_can_differ_has_words_and_a_hint():
    for name in _COSTS:
        aspect = Aspect(name, "this {", "that }", "key")
        assert in_words(aspect).endswith("that }, not this {")
        assert hint_for(aspect)


# -- what can't be known --------------------------------------------------------------------


def unknown(what: str = "generator", **changes: Any):
    """The match of a first training whose data can't be known."""
    run = Solution(small=changes)
    data = run.run.recording.trainings[0].data
    assert data.x is not None
    assert data.y is not None
    match what:
        case "generator":
            data.x, data.y = None, None
        case "noise":
            data.x.origin, data.y.agreement = None, None
        case "labels":
            data.y.agreement = None
    return run.matches["small"]


@pytest.mark.parametrize("name", ["items", "labels", "scaling", "vectorised"])
def test_data_that_can_not_be_looked_into_are_left_open(name):
    error = failure(Unscored, assert_aspects, unknown(), name, "loss")
    assert error.message.startswith("The training data came from a generator or pipeline")
    assert "Nothing is lost" in error.hint


@pytest.mark.parametrize("name", ["items", "labels"])
def test_as_many_items_of_something_else_are_left_open(name):
    error = failure(Unscored, assert_aspects, unknown("noise"), name, "loss")
    assert "can't be recognised" in error.message


def test_pixels_can_be_judged_whatever_they_show():
    assert_aspects(unknown("noise"), "scaling", "vectorised")


def test_labels_that_can_not_be_compared_are_left_open():
    failure(Unscored, assert_aspects, unknown("labels"), "labels")
    assert_aspects(unknown("labels"), "items")


def test_data_that_are_recognised_by_their_labels_are_known():
    """Pixels that were standardised one by one, or turned, are nobody's exact images."""
    run = Solution()
    data = run.run.recording.trainings[0].data
    assert data.x is not None
    assert data.x.origin is not None
    assert data.y is not None
    data.x.origin.by, data.y.agreement = "labels", None
    assert_aspects(run.matches["small"], "items", "labels")


def test_unknown_data_do_not_matter_where_they_are_not_asked_about():
    assert_aspects(unknown(), "optimizer", "loss", "epochs", "validation")


def test_what_is_wrong_for_sure_fails_beside_what_is_unknown():
    match = unknown(settings=compiled(loss="mse"))
    failure(CheckFailed, assert_aspects, match, "items", "loss")
    failure(CheckFailed, assert_aspects, unknown("noise", items=500), "items", "labels")


def test_an_inherited_mistake_hides_nothing_unknown():
    """It would keep its points, on data that nobody has looked at."""
    adam = {"settings": compiled("Adam")}
    run = Solution(small=adam, wide=adam)
    run.run.recording.trainings[2].data.x = None
    failure(Unscored, assert_aspects, run.matches["wide"], "optimizer", "items")


def test_epochs_of_a_few_steps_are_not_whole():
    run = Solution()
    run.run.recording.trainings[0].steps_per_epoch = 1
    error = failure(CheckFailed, assert_aspects, run.matches["small"], "epochs")
    assert error.message == (
        "It was trained for 3 epochs of 1 step, less than one pass each, not 3 epochs."
    )


@pytest.mark.parametrize(("steps", "enough"), [(1, False), (312, False), (313, True)])
def test_items_that_no_step_has_seen_were_not_trained_on(steps, enough):
    """60,000 items are 937.5 batches: three epochs of 313 steps have gone through all of them."""
    run = Solution()
    run.run.recording.trainings[0].steps_per_epoch = steps
    if enough:
        assert_aspects(run.matches["small"], "items")
    else:
        failure(Unscored, assert_aspects, run.matches["small"], "items")


def test_epochs_after_some_that_were_not_whole_are_left_open():
    """In whichever network: weights can be handed from one to another."""
    run = Solution(small={"epochs": 1, "epochs_before": 2})
    run.run.recording.trainings[-1].steps_per_epoch = 1
    failure(Unscored, assert_aspects, run.matches["small"], "epochs")


# -- answers --------------------------------------------------------------------------------


def answers(**values: Any) -> Any:
    run = Run()
    run.recording.values["answers"] = values
    return run.folder()


def test_a_right_answer_passes():
    assert_answer(answers(**{"1d": "8,070"}), "1d", 8070, what="number")


def test_an_answer_that_is_missing_was_not_attempted():
    error = failure(NotAttempted, assert_answer, answers(), "1d", 8070, what="number")
    assert "answers['1d'] holds no answer" in error.message


def test_a_wrong_answer_shows_what_was_found_and_not_what_is_right():
    recording = answers(**{"1d": 7960})
    error = failure(CheckFailed, assert_answer, recording, "1d", 8070, what="number of parameters")
    assert "7960" in error.message
    assert "8070" not in str(error)
    assert error.follows_from == ()


def test_an_answer_that_is_right_for_the_students_own_network_follows_from_that():
    recording = answers(**{"1d": 16_330})
    own = [(None, "1a"), (16_330, "1c")]
    error = failure(CheckFailed, assert_answer, recording, "1d", 8070, what="n", own=own)
    assert error.follows_from == ("1c",)


def test_the_right_answer_among_others_is_left_to_a_person():
    recording = answers(**{"1d": "8060 or 8070"})
    error = failure(Unscored, assert_answer, recording, "1d", 8070, what="number")
    assert error.message == "Several numbers stand in answers['1d']; a person will read it."


def test_several_wrong_answers_are_wrong():
    recording = answers(**{"1d": "8050 or 8060"})
    failure(CheckFailed, assert_answer, recording, "1d", 8070, what="number")


def test_an_answer_for_the_students_own_network_may_stand_among_others_too():
    recording = answers(**{"1d": "16330 (15700 + 420 + 210)"})
    own = [(16_330, "1c")]
    failure(Unscored, assert_answer, recording, "1d", 8070, what="n", own=own)


def test_a_long_answer_is_shortened():
    recording = answers(**{"1d": "no idea " * 100})
    error = failure(CheckFailed, assert_answer, recording, "1d", 8070, what="number")
    assert len(error.found) <= 60


# -- matrices -------------------------------------------------------------------------------

# Kx convolved with an image that is 1 in its middle column alone.
EDGE = np.array([[0, -4, 0, 4, 0]] * 5)


def held(array: Any, name: str = "KxIA") -> Any:
    run = Run()
    run.recording.arrays[name] = ArrayRecord(shape=[1], dtype="int64", file="a.npy")
    folder = run.folder()
    folder._arrays["a.npy"] = np.asarray(array)
    return folder


@pytest.mark.parametrize(
    "array",
    [
        EDGE,
        EDGE.astype(float),
        EDGE.astype(np.int8),
        EDGE.reshape(1, 5, 5, 1),
        EDGE + 1e-9,
    ],
)
def test_a_right_matrix_passes_in_any_form(array):
    begin_notes()
    assert_matrix(held(array), "KxIA", EDGE.tolist())


@pytest.mark.parametrize("name", ["KxIA", "kxia", "KXIA", "Kx_IA", "results['KxIA']", 'r["kxia"]'])
def test_a_matrix_is_found_under_its_name_in_other_spellings(name):
    assert find_array(held(EDGE, name), "KxIA") is not None


@pytest.mark.parametrize("name", ["KyIA", "KxIA2", "myKxIA", "IA"])
def test_a_matrix_of_another_name_is_another_matrix(name):
    assert find_array(held(EDGE, name), "KxIA") is None


def test_a_matrix_that_is_missing_was_not_attempted():
    error = failure(NotAttempted, assert_matrix, Run().folder(), "KxIA", EDGE.tolist())
    assert "no matrix called KxIA" in error.message


def test_texts_are_no_matrix():
    recording = held(np.array([["a", "b"]]))
    failure(NotAttempted, assert_matrix, recording, "KxIA", EDGE.tolist())


@pytest.mark.parametrize(
    "array", [np.zeros((3, 3)), np.zeros(25), np.float64(3), np.zeros((0,)), np.zeros((200, 200))]
)
def test_a_matrix_of_another_size_says_both_sizes(array):
    begin_notes()
    error = failure(CheckFailed, assert_matrix, held(array), "KxIA", EDGE.tolist())
    assert error.expected == "5 x 5"
    assert "border" in error.hint


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (-EDGE, "correlation"),
        (EDGE.astype(np.uint8) * (EDGE >= 0) + (EDGE < 0) * 252, "Unsigned"),
        (np.pad(EDGE[1:-1, 1:-1], 1, constant_values=7), "Only the border differs"),
        (np.pad(-EDGE[1:-1, 1:-1], 1, constant_values=7), "Turn the kernel by 180 degrees, and"),
        (np.zeros((5, 5)), "All zero"),
    ],
)
def test_a_mistake_that_can_be_recognised_is_named(array, words):
    begin_notes()
    error = failure(CheckFailed, assert_matrix, held(array), "KxIA", EDGE.tolist())
    assert words in error.hint


def test_a_transposed_matrix_is_recognised():
    begin_notes()
    error = failure(CheckFailed, assert_matrix, held(EDGE.T), "KxIA", EDGE.tolist())
    assert error.found == "the transposed matrix"


def test_wrong_numbers_are_counted():
    wrong = EDGE.copy()
    wrong[0, 0] = 1
    wrong[4, 4] = 1
    begin_notes()
    error = failure(CheckFailed, assert_matrix, held(wrong), "KxIA", EDGE.tolist())
    assert error.message == "KxIA: 2 of 25 numbers differ."


def test_both_matrices_are_shown_and_what_is_no_number_is_empty():
    wrong = EDGE.astype(float)
    wrong[0, 0] = np.nan
    evidence = begin_notes().evidence
    failure(CheckFailed, assert_matrix, held(wrong), "KxIA", EDGE.tolist())
    (grid,) = evidence
    assert isinstance(grid, GridEvidence)
    assert grid.expected[0] == [0, -4, 0, 4, 0]
    assert grid.found is not None
    assert grid.found[0] == [None, -4, 0, 4, 0]


def test_infinite_numbers_are_wrong_but_never_a_crash():
    begin_notes()
    wrong = np.full((5, 5), np.inf)
    failure(CheckFailed, assert_matrix, held(wrong), "KxIA", EDGE.tolist())


# -- words ----------------------------------------------------------------------------------


def test_many_positions_are_counted_and_the_first_are_shown():
    assert describe_indices(range(1000)) == "1,000 positions (0, 1, 2, 3, 4, ...)"
    assert describe_indices([7]) == "1 positions (7)"


def test_the_last_cell_that_mentions_a_variable_is_named():
    run = Run()
    run.cell("boots = []")
    run.cell("boots = [1]")
    run.cell("boots are shown", kind="markdown")
    assert where_defined(run.folder(), "boots") == "cell 2"
    assert where_defined(run.folder(), "shoes") == ""


def test_a_failed_check_reads_as_sentences():
    error = CheckFailed("It is wrong.", expected="a", found="b", where="cell 1", hint="c")
    assert str(error).splitlines() == [
        "It is wrong.",
        "  expected: a",
        "  found: b",
        "  where: cell 1",
        "  try: c",
    ]


def test_a_training_loop_of_ones_own_is_left_to_a_person():
    run = Run()
    run.build(dense_layers(10, 10), compiled()).custom_steps = 469
    error = failure(Unscored, require, matched(run)["small"], "network")
    assert "train_on_batch" in error.message
