"""The plan of fashion_cnn on made-up runs: which training answers which exercise."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from graders.checks import Match, Matches, Wanted
from graders.checks.aspects import Course, unknowns_of
from graders.checks.attempts import attempts_of
from graders.checks.layers import parts_of
from graders.recording.schema import PairRecord
from tests.builders.fashion_cnn import RIGHT, Solution, matched
from tests.builders.networks import (
    compiled,
    conv,
    dense_layers,
    layer,
    pooled_layers,
    strided_layers,
)
from tests.builders.recordings import Run, made_pair, pair

EXERCISES = {
    "small": "1f",
    "slow": "1g",
    "wide": "1h",
    "fewer": "1i",
    "cnn": "3b",
    "strided": "4a",
    "adam": "4b",
}


def first_source(match, name: str) -> str | None:
    """The exercise where a mistake that an experiment shows was made first, or None."""
    return next(iter(match.sources(name)), None)


def wrong(match) -> set[str]:
    return {aspect.name for aspect in match.aspects}


# -- right solutions ------------------------------------------------------------------------


def test_a_right_solution_that_calls_every_network_model_is_matched_whole():
    right = Solution()
    assert right.found() == right.meant


def test_a_right_solution_shows_no_difference_at_all():
    for match in Solution().matches:
        assert match.aspects == ()
        assert match.layer_differences == []


@pytest.mark.parametrize("start", range(7))
def test_the_order_of_the_trainings_does_not_matter(start):
    names = list(RIGHT)
    shuffled = Solution(*names[start:], *names[:start])
    assert shuffled.found() == shuffled.meant


def test_the_reverse_order_does_not_matter():
    shuffled = Solution(*reversed(RIGHT))
    assert shuffled.found() == shuffled.meant


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(RIGHT, 2)))
def test_any_two_trainings_may_change_places(first, second):
    names = list(RIGHT)
    i, j = names.index(first), names.index(second)
    names[i], names[j] = names[j], names[i]
    swapped = Solution(*names)
    assert swapped.found() == swapped.meant


def test_one_hot_labels_with_their_loss_are_right():
    loss = "categorical_crossentropy"
    run = Solution(small={"settings": compiled(loss=loss), "one_hot": True})
    assert wrong(run.matches["small"]) == set()


def test_a_wide_network_on_fewer_items_is_right():
    run = Solution(fewer={"layers": dense_layers(64, 64)})
    assert run.found() == run.meant
    assert run.matches["fewer"].layer_differences == []


def test_fewer_items_for_the_convolutional_networks_are_accepted():
    less = {"items": 20_000}
    run = Solution(cnn=less, strided=less, adam=less)
    assert run.found() == run.meant
    assert wrong(run.matches["cnn"]) == set()


def test_adam_may_train_the_network_of_exercise_3():
    run = Solution(adam={"layers": pooled_layers()})
    assert run.found() == run.meant
    assert run.matches["adam"].layer_differences == []


def test_misleading_labels_do_not_outweigh_what_was_done():
    labels = dict(zip(EXERCISES, ["1g", "1h", "1f", "1f", "3b", "3b", "4a"], strict=True))
    run = Solution(**{name: {"exercise": label} for name, label in labels.items()})
    assert run.found() == run.meant


# -- something is missing -------------------------------------------------------------------


@pytest.mark.parametrize("name", RIGHT)
def test_a_missing_experiment_takes_no_other_training_away(name):
    run = Solution(without=(name,))
    found = run.found()
    assert {key: found.get(key) for key in run.meant} == run.meant
    assert name not in found


@pytest.mark.parametrize("pair", list(itertools.combinations(RIGHT, 2)))
def test_two_missing_experiments_take_no_other_training_away(pair):
    run = Solution(without=pair)
    assert run.found() == run.meant


def test_nothing_at_all_matches_nothing():
    assert [match.attempt for match in matched(Run())] == [None] * 7


def test_a_dense_network_never_answers_a_convolutional_exercise():
    run = Solution("small", "small", "small", "small")
    matches = run.matches
    assert [matches[name].attempt for name in ("cnn", "strided", "adam")] == [None] * 3


def test_a_network_that_was_built_but_never_trained_is_found_as_such():
    run = Solution(without=("wide",))
    network = run.run.build(dense_layers(64, 64), compiled(), exercise="1h")
    match = run.matches["wide"]
    assert match.attempt is not None
    assert match.attempt.network.id == network.id
    assert not match.attempt.trained


def test_a_trained_network_is_preferred_to_the_same_untrained():
    run = Solution()
    run.run.build(dense_layers(64, 64), compiled())
    run.run.build(dense_layers(10, 10))
    assert run.found() == run.meant


def test_a_training_that_broke_off_answers_where_there_is_no_better():
    run = Solution(wide={"status": "error"})
    assert run.found() == run.meant


# -- repeated and continued -----------------------------------------------------------------


def test_a_training_that_is_repeated_answers_once():
    run = Solution()
    for _ in range(4):
        run.run.fit(dense_layers(10, 10), compiled())
    found = run.found()
    assert {name: found[name] for name in found if name != "small"} == {
        name: training for name, training in run.meant.items() if name != "small"
    }
    assert wrong(run.matches["small"]) == set()


def test_three_calls_of_one_epoch_are_three_epochs():
    run = Solution(without=("small",))
    for before in range(3):
        last = run.run.fit(dense_layers(10, 10), compiled(), epochs=1, epochs_before=before)
    match = run.matches["small"]
    assert match.attempt is not None
    assert match.attempt.training is last
    assert match.aspects == ()


def test_going_on_with_the_first_network_at_the_slower_rate_is_found_and_not_new():
    run = Solution(slow={"epochs_before": 3})
    assert run.found() == run.meant
    # The epochs before are what makes it not new; those of its own are right.
    assert wrong(run.matches["slow"]) == {"fresh"}


def test_going_on_with_a_trained_network_on_fewer_items_is_not_a_new_network():
    run = Solution(fewer={"epochs_before": 3})
    assert run.found() == run.meant
    assert wrong(run.matches["fewer"]) == {"fresh"}


def test_a_first_try_of_one_epoch_does_not_stand_for_the_real_one():
    run = Solution()
    run.run.fit(dense_layers(10, 10), compiled(), epochs=1)
    assert run.found() == run.meant


def test_a_training_of_no_epoch_does_not_stand_for_the_real_one():
    run = Solution()
    for name in ("small", "wide"):
        run.run.fit(**RIGHT[name] | {"epochs": 0, "epochs_before": 3, "accuracy": 0.95})
    assert run.found() == run.meant


def test_a_training_that_can_be_judged_stands_before_one_that_can_not():
    run = Solution("small")
    generator, noise, claim, given = (
        run.run.fit(**RIGHT["small"], accuracy=accuracy) for accuracy in (0.77, 0.77, None, 0.99)
    )
    generator.data.x = None
    assert noise.data.x is not None
    noise.data.x.origin = None
    claim.measured_by, given.start = "", "given"
    assert run.matches["small"].attempt.training.id == run.meant["small"]


# -- one mistake ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change", "aspect"),
    [
        ("small", {"epochs": 1}, "epochs"),
        ("small", {"settings": compiled("Adam")}, "optimizer"),
        ("small", {"settings": compiled("SGD", optimizer_config={"momentum": 0.9})}, "optimizer"),
        ("small", {"settings": compiled(loss="mse")}, "loss"),
        ("small", {"settings": compiled(loss="categorical_crossentropy")}, "loss"),
        ("small", {"settings": compiled(metrics=[])}, "metrics"),
        ("small", {"validated": False}, "validation"),
        ("small", {"agreement": 0.1}, "labels"),
        ("small", {"top": 255.0}, "scaling"),
        ("small", {"top": 1 / 255}, "scaling"),
        ("small", {"shape": (28, 28)}, "vectorised"),
        ("small", {"validated": False, "validation_split": 0.1}, "validation"),
        ("small", {"split": "mixed"}, "items"),
        ("slow", {"settings": compiled(rate=0.05)}, "learning_rate"),
        ("wide", {"settings": compiled(rate=0.1)}, "learning_rate"),
        ("fewer", {"items": 10_000}, "items"),
        ("cnn", {"settings": compiled("RMSprop", 0.01)}, "optimizer"),
        ("cnn", {"epochs": 5}, "epochs"),
        ("strided", {"agreement": 0.5}, "labels"),
    ],
)
def test_one_mistake_is_seen_where_it_was_made_and_nowhere_else(name, change, aspect):
    run = Solution(**{name: change})
    assert run.found() == run.meant
    found = {match.wanted.name: wrong(match) for match in run.matches if match.aspects}
    assert aspect in found.pop(name)
    assert found == {}


def test_momentum_is_named():
    settings = compiled("SGD", optimizer_config={"momentum": 0.9})
    aspect = Solution(small={"settings": settings}).matches["small"].aspect("optimizer")
    assert aspect is not None
    assert aspect.found == "SGD with momentum 0.9"


def test_momentum_of_zero_is_plain_sgd():
    settings = compiled("SGD", optimizer_config={"momentum": 0.0})
    assert wrong(Solution(small={"settings": settings}).matches["small"]) == set()


def test_a_rate_that_a_float_rounded_is_the_same_rate():
    settings = compiled(rate=0.004999999888241291)
    assert wrong(Solution(slow={"settings": settings}).matches["slow"]) == set()


def test_logits_behind_a_softmax_are_a_wrong_loss():
    settings = compiled(loss_config={"from_logits": True})
    aspect = Solution(small={"settings": settings}).matches["small"].aspect("loss")
    assert aspect is not None
    assert "from_logits=True after a softmax" in aspect.found


def test_a_network_without_compile_has_no_optimizer():
    run = Run()
    run.build(dense_layers(10, 10))
    aspect = matched(run)["small"].aspect("optimizer")
    assert aspect is not None
    assert aspect.found == "not compiled"


def test_one_epoch_is_said_in_the_singular():
    aspect = Solution(small={"epochs": 1}).matches["small"].aspect("epochs")
    assert aspect is not None
    assert aspect.found == "1 epoch"


def test_65_units_in_1h_are_still_the_answer_to_1h():
    run = Solution(wide={"layers": dense_layers(65, 65)})
    assert run.found() == run.meant
    differences = run.matches["wide"].own_layer_differences()
    assert [(d.position, d.found) for d in differences] == [(1, 65), (2, 65)]


def test_a_wrong_optimizer_everywhere_does_not_shift_the_exercises():
    adam = {"settings": compiled("Adam")}
    slow = {"settings": compiled("Adam", 0.005)}
    run = Solution(small=adam, slow=slow, wide=adam, fewer=adam)
    assert run.found() == run.meant


def test_no_scaling_anywhere_does_not_shift_the_exercises():
    run = Solution(**{name: {"top": 255.0} for name in RIGHT})
    assert run.found() == run.meant


def test_hidden_layers_of_20_everywhere_do_not_shift_the_exercises():
    twenty = {"layers": dense_layers(20, 20)}
    run = Solution(small=twenty, slow=twenty, fewer=twenty)
    assert run.found() == run.meant


def test_swapped_filters_everywhere_do_not_shift_the_exercises():
    run = Solution(
        cnn={"layers": pooled_layers(8, 16)},
        strided={"layers": strided_layers(8, 16)},
        adam={"layers": strided_layers(8, 16)},
    )
    assert run.found() == run.meant


# -- one mistake costs once -----------------------------------------------------------------


def test_hidden_layers_of_20_are_the_mistake_of_the_first_network_alone():
    twenty = {"layers": dense_layers(20, 20)}
    matches = Solution(small=twenty, slow=twenty, fewer=twenty).matches
    assert [d.found for d in matches["small"].own_layer_differences()] == [20, 20]
    assert matches["slow"].own_layer_differences() == []


def test_a_new_mistake_on_top_of_an_old_one_is_a_mistake_of_its_own():
    matches = Solution(
        small={"layers": dense_layers(20, 20)}, slow={"layers": dense_layers(20, 30)}
    ).matches
    assert [d.found for d in matches["slow"].own_layer_differences()] == [30]


def test_swapped_filters_are_inherited_by_the_networks_of_part_4():
    matches = Solution(
        cnn={"layers": pooled_layers(8, 16)},
        strided={"layers": strided_layers(8, 16)},
        adam={"layers": strided_layers(8, 16)},
    ).matches
    assert [d.found for d in matches["cnn"].own_layer_differences()] == [8, 16]
    assert matches["strided"].own_layer_differences() == []
    assert matches["adam"].own_layer_differences() == []


def test_a_wrong_optimizer_carried_on_was_a_mistake_in_1e():
    adam = {"settings": compiled("Adam")}
    matches = Solution(small=adam, wide=adam).matches
    assert first_source(matches["small"], "optimizer") is None
    assert matches["small"].owner("optimizer") == "1e"
    assert first_source(matches["wide"], "optimizer") == "1e"


def test_missing_scaling_carried_on_to_the_end_was_a_mistake_in_1b():
    matches = Solution(**{name: {"top": 255.0} for name in RIGHT}).matches
    assert first_source(matches["small"], "scaling") is None
    assert {first_source(match, "scaling") for match in list(matches)[1:]} == {"1b"}


def test_another_wrong_value_is_another_mistake():
    matches = Solution(
        small={"settings": compiled("Adam")}, wide={"settings": compiled("RMSprop")}
    ).matches
    assert first_source(matches["wide"], "optimizer") is None


def test_a_mistake_that_only_a_later_experiment_shows_is_its_own():
    matches = Solution(wide={"settings": compiled(loss="mse")}).matches
    assert first_source(matches["wide"], "loss") is None


def test_what_is_right_is_inherited_from_nobody():
    assert first_source(Solution().matches["wide"], "optimizer") is None


def test_nothing_is_inherited_from_an_experiment_that_is_missing():
    matches = Solution("wide", wide={"settings": compiled("Adam")}).matches
    assert matches["small"].attempt is None
    assert first_source(matches["wide"], "optimizer") is None


def test_a_mistake_first_made_in_3b_and_carried_on_was_a_mistake_in_3b():
    wrong_loss = {"settings": compiled(loss="mse")}
    matches = Solution(cnn=wrong_loss, strided=wrong_loss).matches
    assert first_source(matches["cnn"], "loss") is None
    assert first_source(matches["strided"], "loss") == "3b"


def test_layers_first_wrong_in_4a_and_carried_on_are_no_new_mistake_in_4b():
    layers = [*strided_layers()[:1], conv(32, strides=2), *strided_layers()[2:]]
    matches = Solution(strided={"layers": layers}, adam={"layers": layers}).matches
    assert [d.found for d in matches["strided"].own_layer_differences()] == [32]
    assert matches["adam"].own_layer_differences() == []


# -- parts of a plan ------------------------------------------------------------------------


def test_a_varied_experiment_keeps_what_is_not_named():
    first = Wanted("first", "1", networks=("small",), optimizer="SGD", epochs=3)
    second = first.but("second", "2", epochs=None)
    assert (second.networks, second.optimizer, second.epochs) == (("small",), "SGD", None)
    assert second.based_on is first


def test_the_exercise_itself_owns_what_no_other_owns():
    wanted = Wanted("first", "1f", optimizer="SGD", owners={"optimizer": "1e"})
    matches = Matches([wanted], [], {}, Course(None))
    assert matches["first"].owner("optimizer") == "1e"
    assert matches["first"].owner("epochs") == "1f"


def test_a_network_that_has_nothing_in_common_with_the_sheet_matches_nothing():
    run = Run()
    run.fit([], compiled())
    assert [match.attempt for match in matched(run)] == [None] * 7


@pytest.mark.parametrize(
    "settings",
    [
        compiled("SGD", optimizer_config={"momentum": 0.9}),
        compiled("Adam", 0.001),
        compiled("RMSprop", 0.001),
    ],
)
@pytest.mark.parametrize("everywhere", [True, False])
def test_without_bonus_a_wrong_optimizer_does_not_turn_the_cnn_into_a_bonus(settings, everywhere):
    wrong_one = {"settings": settings}
    changes = dict.fromkeys(RIGHT if everywhere else ["cnn"], wrong_one)
    run = Solution(without=("strided", "adam"), **changes)
    assert run.found() == run.meant


def test_of_a_loop_of_single_epochs_the_last_training_is_meant():
    run = Run()
    last = {}
    for name, right in RIGHT.items():
        first = run.fit(**right, epochs=1)
        for before in (1, 2):
            training = run.fit(**right, epochs=1, epochs_before=before)
            training.model = first.model
        last[name] = training.id
    matches = matched(run)
    assert {m.wanted.name: m.attempt.training.id for m in matches} == last


def test_of_equal_trainings_the_luckiest_counts():
    run = Solution()
    lucky = run.run.fit(**RIGHT["small"], accuracy=0.95)
    run.run.fit(**RIGHT["small"], accuracy=0.10)
    assert run.matches["small"].attempt.training.id == lucky.id


def test_a_missing_softmax_everywhere_is_one_mistake():
    def linear(layers):
        config = layers[-1].config | {"activation": "linear"}
        return [*layers[:-1], layers[-1].model_copy(update={"config": config})]

    changes = {name: {"layers": linear(right["layers"])} for name, right in RIGHT.items()}
    matches = Solution(**changes).matches
    assert [d.setting for d in matches["small"].own_layer_differences()] == ["activation"]
    assert [m.own_layer_differences() for m in list(matches)[1:]] == [[]] * 6


def test_a_rate_not_restored_after_1g_is_a_mistake_of_1h_alone():
    slow = {"settings": compiled(rate=0.005)}
    matches = Solution(wide=slow, cnn=slow, strided=slow).matches
    assert first_source(matches["wide"], "learning_rate") is None
    assert "1h" in matches["cnn"].sources("learning_rate")


def test_a_rate_of_ones_own_in_1f_is_the_default_from_then_on():
    own = {"settings": compiled(rate=0.1)}
    matches = Solution(small=own, wide=own, cnn=own, strided=own).matches
    assert all(matches[n].is_own_choice("learning_rate") for n in ("wide", "cnn", "strided"))


def test_test_images_that_were_not_scaled_are_a_matter_of_scaling():
    run = Run()
    right = RIGHT["small"]
    run.fit(**right)
    training = run.recording.trainings[-1]
    training.validation.x.maximum = 255.0
    aspect = matched(run)["small"].aspect("scaling")
    assert aspect is not None
    assert "test images" in aspect.found


# -- images that students make --------------------------------------------------------------

SHAPE = (28, 28, 1)
SERVED = Wanted("served", "3b", networks=("cnn",), family="convolutional", epochs=1)
MADE = SERVED.but("made", "3d", images="made", items=(10_000,), about=0.15)
AUGMENTED = SERVED.but(
    "augmented",
    "3e",
    images="augmented",
    items=(10_000,),
    about=0.15,
    epochs=None,
    images_seen=130_000,
)


def on(
    data: PairRecord | None, layers: list[Any] | None = None, **training: Any
) -> tuple[Run, Any]:
    """A run of one training of the CNN on these data."""
    run = Run()
    record = run.fit(layers or pooled_layers(), epochs=training.pop("epochs", 1))
    record.data = data if data is not None else PairRecord(form="other")
    for name, value in training.items():
        setattr(record, name, value)
    return run, record


def single(wanted: Wanted, run: Run) -> Match:
    """The last training of a run, compared with one experiment."""
    networks = {"cnn": parts_of(pooled_layers())}
    attempts = attempts_of(run.folder())
    return Matches([wanted], attempts, networks, Course(60_000)).match(wanted, attempts[-1], {})


def differing(wanted: Wanted, data: PairRecord | None, *args: Any, **training: Any) -> set[str]:
    run, _ = on(data, *args, **training)
    return wrong(single(wanted, run))


@pytest.mark.parametrize("items", [8_500, 10_000, 11_500])
def test_about_as_many_images_that_were_made_are_right(items):
    assert differing(MADE, made_pair(items)) == set()


@pytest.mark.parametrize("items", [8_499, 11_501, 60_000])
def test_many_more_or_fewer_images_that_were_made_are_wrong(items):
    assert differing(MADE, made_pair(items)) == {"items"}


def test_where_images_were_to_be_made_those_of_the_data_set_are_wrong():
    run, _ = on(pair(10_000, "train", shape=SHAPE))
    aspect = single(MADE, run).aspect("items")
    assert aspect is not None
    assert aspect.found == "10,000 original training items"
    assert aspect.expected == "about 10,000 images that you have made"


def test_labels_of_the_data_set_do_not_make_images_that_were_made_its_own():
    data = pair(10_000, "train", shape=SHAPE)
    assert data.x is not None
    assert data.x.origin is not None
    data.x.origin = data.x.origin.model_copy(update={"by": "labels"})
    assert differing(MADE, data) == set()


def test_nothing_of_images_that_were_to_be_made_has_to_be_recognised():
    run, _ = on(made_pair(10_000))
    assert single(MADE, run).unknowns == ()
    assert {unknown.name for unknown in single(SERVED, run).unknowns} == {"items", "labels"}


@pytest.mark.parametrize("wanted", [SERVED, MADE])
def test_images_that_are_transformed_anew_are_other_items(wanted):
    run, _ = on(made_pair(10_000, form="flow"))
    aspect = single(wanted, run).aspect("items")
    assert aspect is not None
    assert aspect.found == "images that are transformed anew in each batch"


@pytest.mark.parametrize(
    "data", [made_pair(10_000, form="flow"), pair(10_000, "train", shape=SHAPE)]
)
def test_images_may_be_augmented_whatever_they_are(data):
    flowing = data.model_copy(update={"form": "flow"})
    assert differing(AUGMENTED, flowing, epochs=13) == set()


def test_random_layers_inside_the_network_augment_as_well():
    layers = pooled_layers()
    layers[1:1] = [layer("RandomRotation", factor=0.05), layer("RandomZoom", height_factor=0.1)]
    run, _ = on(made_pair(10_000), layers, epochs=13)
    match = single(AUGMENTED, run)
    assert wrong(match) == set()
    assert match.layer_differences == []
    assert single(SERVED, run).layer_differences != []


def test_the_same_images_in_every_epoch_are_not_augmented():
    assert differing(AUGMENTED, made_pair(10_000), epochs=13) == {"augmentation"}


@pytest.mark.parametrize(
    ("training", "seen"),
    [
        ({"epochs": 13}, 130_000),
        ({"epochs": 1, "steps": 4069, "steps_per_epoch": 4069}, 4069 * 64),
        ({"epochs": 13, "steps": 13 * 157}, 130_000),  # the last batches are smaller
        ({"epochs": 13, "steps": 13 * 100, "steps_per_epoch": 100}, 1300 * 64),
        ({"epochs": 1, "steps": 157, "steps_per_epoch": 4000}, 157 * 64),
        ({"epochs": 1, "steps": 0}, 0),
    ],
)
def test_images_are_counted_by_the_steps_that_were_made(training, seen):
    run, _ = on(made_pair(10_000, form="flow"), **training)
    assert attempts_of(run.folder())[0].images_seen == seen


def test_images_of_a_loop_of_fits_are_counted_together():
    run = Run()
    first = run.fit(pooled_layers(), epochs=1)
    second = run.fit(pooled_layers(), epochs=2, epochs_before=1)
    second.model = first.model
    first.data = second.data = made_pair(10_000, form="flow")
    assert attempts_of(run.folder())[-1].images_seen == 30_000


def test_who_draws_from_a_generator_of_ones_own_has_batches_as_keras_has_them():
    run, record = on(None, epochs=1, steps=4069, batch_size=None)
    assert attempts_of(run.folder())[0].images_seen == 4069 * 32
    record.steps = None
    assert attempts_of(run.folder())[0].images_seen is None


@pytest.mark.parametrize(("epochs", "right"), [(11, False), (12, True), (14, True), (15, False)])
def test_about_as_many_images_are_to_be_seen(epochs, right):
    run, _ = on(made_pair(10_000, form="flow"), epochs=epochs)
    aspect = single(AUGMENTED, run).aspect("steps")
    assert (aspect is None) == right
    if aspect is not None:
        assert aspect.found == f"{epochs * 10_000:,} images ({-(-epochs * 10_000 // 64):,} batches)"
        assert aspect.expected == "about 130,000 images"


@pytest.mark.parametrize(
    ("steps", "names"), [(4069, {"augmentation"}), (None, {"augmentation", "steps"})]
)
def test_a_generator_of_ones_own_leaves_open_how_it_augments(steps, names):
    run, _ = on(None, epochs=1, steps=steps, batch_size=None)
    attempt = attempts_of(run.folder())[0]
    assert {unknown.name for unknown in unknowns_of(AUGMENTED, attempt)} == names
    assert "items" in {unknown.name for unknown in unknowns_of(SERVED, attempt)}


# -- trainings that go on -------------------------------------------------------------------

CONTINUED = SERVED.but("continued", "4b", fresh=False, continues=1)


@pytest.mark.parametrize(
    ("before", "found"),
    [(0, "a new network"), (2, "one already trained for 2 epochs"), (1, None)],
)
def test_a_training_goes_on_from_so_many_epochs(before, found):
    run, _ = on(pair(60_000, "train", shape=SHAPE), epochs_before=before)
    match = single(CONTINUED, run)
    aspect = match.aspect("start")
    assert (aspect.found if aspect is not None else None) == found
    assert wrong(match) == (set() if found is None else {"start"})


def test_epochs_before_are_none_of_those_that_go_on():
    run, _ = on(pair(60_000, "train", shape=SHAPE), epochs=2, epochs_before=1)
    aspect = single(CONTINUED, run).aspect("epochs")
    assert aspect is not None
    assert (aspect.expected, aspect.found) == ("1 epoch", "2 epochs")
