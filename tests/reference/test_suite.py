"""What the suite plans, joins and keeps; nothing is trained here but in the one slow test."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from graders import calibration, expectations
from graders.errors import ExpectationError
from graders.expectations import Expectations, Measured, ScoreRecord
from graders.reference_report import print_report
from graders.tolerance import chance_of_false_fail
from graders.training.request import Cap
from graders.training.test_sets import TestSet
from graders.training.trainer import setting_for
from reference import fashion_cnn, fashion_training, suite
from reference.datasets import DataSet, locate
from reference.experiment import (
    Comparison,
    Experiment,
    Published,
    Score,
    labels_for,
    seed_for,
    train,
)

DATA = DataSet("fashion_mnist", "made up", Path("unused"), "made-up")
POLICY = suite.Policy("fashion_cnn", DATA)
CAPPED = suite.Policy("fashion_cnn", DATA, cap=Cap(epochs=3, samples=10_000))
NAMES = [experiment.name for experiment in fashion_cnn.EXPERIMENTS]


def measured(item: suite.Planned, policy: suite.Policy = POLICY) -> list[Measured]:
    """What the suite yields for one training."""
    score = ScoreRecord(seed=item.seed, labels=item.labels, train=0.5, test=0.5)
    return [
        Measured(
            experiment=name,
            data=policy.data.fingerprint,
            batch_size=item.batch_size,
            cap=policy.cap,
            device=policy.device,
            scores=[score],
            seconds=1.0,
        )
        for name in item.names
    ]


def keys(planned: Sequence[suite.Planned]) -> set[tuple[str, int, int]]:
    return {(item.names[0], item.batch_size, item.seed) for item in planned}


# -- the plan -------------------------------------------------------------------------------


def test_every_experiment_is_planned_so_often_with_each_batch_size():
    planned = suite.plan(POLICY, 3, [32, 64])
    counted = [(item.names[0], item.batch_size) for item in planned]
    assert {kind: counted.count(kind) for kind in set(counted)} == {
        (name, size): 3 for name in NAMES for size in (32, 64)
    }


def test_every_range_has_grown_alike_wherever_it_is_interrupted():
    planned = suite.plan(POLICY, 5, [32, 64])
    for end in range(0, len(planned), 7):
        done = [(item.names[0], item.batch_size) for item in planned[:end]]
        counts = [done.count((name, size)) for name in NAMES for size in (32, 64)]
        assert max(counts) - min(counts) <= 1


def test_what_is_known_is_not_planned_again():
    whole = suite.plan(POLICY, 3, [32, 64])
    known = [m for item in whole[: len(whole) // 2] for m in measured(item)]
    left = suite.plan(POLICY, 3, [32, 64], suite.merged([], known))
    assert left == whole[len(whole) // 2 :]


def test_more_seeds_go_on_from_those_that_are_known():
    first = suite.plan(POLICY, 2, [64])
    known = suite.merged([], [m for item in first for m in measured(item)])
    more = suite.plan(POLICY, 3, [64], known)
    assert keys(first) | keys(more) == keys(suite.plan(POLICY, 3, [64]))
    assert not keys(first) & keys(more)


@pytest.mark.parametrize(
    "other",
    [
        CAPPED,
        suite.Policy("fashion_cnn", DATA, device="gpu"),
        suite.Policy("fashion_cnn", DataSet("fashion_mnist", "other", Path("unused"), "other")),
    ],
    ids=["cap", "device", "data"],
)
def test_what_is_known_under_other_circumstances_does_not_count(other):
    whole = suite.plan(POLICY, 1, [64])
    known = [m for item in suite.plan(other, 1, [64]) for m in measured(item, other)]
    assert suite.plan(POLICY, 1, [64], known) == whole


def test_no_seeds_are_no_trainings():
    assert suite.plan(POLICY, 0, [64]) == []


def test_only_the_experiments_that_are_asked_for_are_planned():
    planned = suite.plan(POLICY, 2, [64], only=["wide", "cnn"])
    assert {item.names for item in planned} == {("wide",), ("cnn",)}


def test_an_unknown_experiment_is_named_with_those_that_there_are():
    with pytest.raises(ExpectationError, match=r"'tiny'.*small, slow, wide"):
        suite.plan(POLICY, 1, [64], only=["wide", "tiny"])


def test_an_assignment_without_a_reference_says_so():
    with pytest.raises(ExpectationError, match=r"reference\.nothing"):
        suite.reference_module("nothing")


def test_no_two_trainings_share_a_seed():
    """Else they would see the items in the same order."""
    seeds = [item.seed for item in suite.plan(POLICY, 20, [32, 64, 128])]
    assert len(set(seeds)) == len(seeds)


def test_a_seed_depends_on_nothing_but_experiment_batch_size_and_number():
    assert seed_for("small", 64, 0) == seed_for("small", 64, 0)
    others = {seed_for("small", 64, 1), seed_for("small", 32, 0), seed_for("wide", 64, 0)}
    assert len(others | {seed_for("small", 64, 0)}) == 4


def test_each_experiment_takes_turns_between_the_forms_of_labels():
    planned = suite.plan(POLICY, 4, [64], only=["small"])
    assert [item.labels for item in planned] == ["integer", "one_hot", "integer", "one_hot"]
    assert [labels_for(index) for index in range(4)] == [item.labels for item in planned]


# -- one training under several names -------------------------------------------------------


def test_under_a_cap_experiments_that_differ_in_what_is_cut_off_are_trained_once():
    planned = suite.plan(CAPPED, 1, [64])
    assert {item.names for item in planned} == {
        ("small", "fewer"),
        ("slow",),
        ("wide",),
        ("cnn", "cnn_fewer"),
        ("strided", "strided_fewer"),
        ("adam", "adam_fewer"),
        ("cnn_adam", "cnn_adam_fewer"),
    }


def test_a_cap_above_the_reduced_items_leaves_two_trainings_two():
    wide = suite.Policy("fashion_cnn", DATA, cap=Cap(epochs=3, samples=20_001))
    planned = suite.plan(wide, 1, [64], only=["small", "fewer"])
    assert {item.names for item in planned} == {("small",), ("fewer",)}


def test_whichever_name_is_asked_for_it_is_kept_under_each():
    planned = suite.plan(CAPPED, 1, [64], only=["fewer"])
    assert [item.names for item in planned] == [("small", "fewer")]


def test_a_training_that_is_missing_under_one_of_its_names_is_planned():
    (item,) = suite.plan(CAPPED, 1, [64], only=["small"])
    small, fewer = measured(item, CAPPED)
    assert suite.plan(CAPPED, 1, [64], [small, fewer], only=["small"]) == []
    assert suite.plan(CAPPED, 1, [64], [small], only=["small"]) == [item]


def test_epochs_and_rates_keep_experiments_apart_under_any_cap():
    small = Experiment("a", "1f", network="small")
    cap = Cap(epochs=1, samples=10)
    assert not small.same_under(Experiment("b", "1f", network="small", learning_rate=0.1), cap)
    assert not small.same_under(Experiment("b", "1f", network="wide"), cap)
    assert not small.same_under(Experiment("b", "1f", network="small", optimizer="Adam"), cap)
    assert small.same_under(Experiment("b", "1f", network="small", items=20), cap)
    assert not small.same_under(Experiment("b", "1f", network="small", items=5), cap)


# -- joining scores -------------------------------------------------------------------------


def group(*scores: tuple[int, float], seconds: float = 1.0, **changes: Any) -> Measured:
    records = [ScoreRecord(seed=seed, train=0.5, test=test) for seed, test in scores]
    usual: dict[str, Any] = {"experiment": "small", "data": "d", "batch_size": 64}
    return Measured(**(usual | changes), scores=records, seconds=seconds)


def scores_of(one: Measured) -> list[tuple[int, float]]:
    return [(score.seed, score.test) for score in one.scores]


def test_scores_of_one_seed_are_kept_once_and_the_later_replaces():
    (joined,) = suite.merged([group((1, 0.6)), group((2, 0.7))], [group((1, 0.8))])
    assert scores_of(joined) == [(1, 0.8), (2, 0.7)]


def test_scores_stand_in_the_order_of_their_seeds():
    (joined,) = suite.merged([group((9, 0.1), (3, 0.2))], [group((5, 0.3))])
    assert [score.seed for score in joined.scores] == [3, 5, 9]


@pytest.mark.parametrize(
    "other",
    [
        {"experiment": "wide"},
        {"data": "e"},
        {"batch_size": 32},
        {"cap": Cap(epochs=3, samples=10)},
        {"device": "gpu"},
    ],
    ids=str,
)
def test_scores_of_other_circumstances_are_not_joined(other):
    assert len(suite.merged([group((1, 0.6))], [group((1, 0.6), **other)])) == 2


def test_the_time_of_a_training_is_the_mean_of_all():
    (joined,) = suite.merged([group((1, 0.6), (2, 0.6), seconds=1.0)], [group((3, 0.6), seconds=4)])
    assert joined.seconds == 2.0


def test_kinds_stand_in_one_order_however_they_were_measured():
    kinds = [group((1, 0.6), experiment=name) for name in ("wide", "adam", "small")]
    assert suite.merged(kinds, []) == suite.merged([], kinds[::-1])


# -- calibrating ----------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the measurements are kept instead of in the package."""
    path = tmp_path / "expected" / "fashion_cnn.json"
    for module in (expectations, suite):
        monkeypatch.setattr(module, "expected_path", lambda _: path)
    monkeypatch.setattr(fashion_cnn, "facts", lambda: {"small.parameters": 8070})
    return path


@pytest.fixture
def fake_run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[suite.Planned]]:
    """Take the place of the trainings; each score is made of its seed."""

    def begin(stop_after: int | None = None) -> list[suite.Planned]:
        done: list[suite.Planned] = []

        def run(
            policy: suite.Policy,
            planned: Sequence[suite.Planned],
            told: Callable[[suite.Planned], None],
            workers: int,
        ) -> Iterator[list[Measured]]:
            for item in planned:
                if len(done) == stop_after:
                    raise KeyboardInterrupt
                told(item)
                done.append(item)
                yield measured(item, policy)

        monkeypatch.setattr(suite, "run", run)
        return done

    return begin


def calibrate(seeds: int, policy: suite.Policy = POLICY, **more: Any) -> str:
    text = io.StringIO()
    settings: dict[str, Any] = {"batch_sizes": [64], "only": ["small", "wide"]}
    calibration.calibrate(policy, seeds, Console(file=text, width=300), **(settings | more))
    return text.getvalue()


def kept(path: Path) -> dict[tuple[str, int], set[int]]:
    """The seeds of each kind that the file holds."""
    found = Expectations.model_validate_json(path.read_text(encoding="utf-8"))
    return {(m.experiment, m.batch_size): {s.seed for s in m.scores} for m in found.measured}


def test_every_score_is_kept_with_the_facts_and_the_data(path, fake_run):
    fake_run()
    calibrate(3)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["facts"] == {"small.parameters": 8070}
    assert found["data_sets"] == {"made-up": "fashion_mnist, made up"}
    assert found["published"]["small.test_accuracy"] == 0.771
    assert kept(path) == {
        (name, 64): {seed_for(name, 64, index) for index in range(3)} for name in ("small", "wide")
    }


def test_an_interrupt_loses_nothing_that_was_measured(path, fake_run):
    done = fake_run(stop_after=13)
    with pytest.raises(KeyboardInterrupt):
        calibrate(10)
    assert sum(len(seeds) for seeds in kept(path).values()) == len(done) == 13


def test_after_an_interrupt_only_what_is_missing_is_trained(path, fake_run):
    first = fake_run(stop_after=13)
    with pytest.raises(KeyboardInterrupt):
        calibrate(10)
    second = fake_run()
    calibrate(10)
    assert len(second) == 20 - 13
    assert not keys(first) & keys(second)
    assert all(len(seeds) == 10 for seeds in kept(path).values())


def test_nothing_is_trained_where_nothing_is_missing(path, fake_run):
    fake_run()
    calibrate(3)
    before, again = path.read_bytes(), fake_run()
    assert "Nothing is missing." in calibrate(3)
    assert again == []
    assert path.read_bytes() == before


def test_what_was_measured_elsewhere_stays(path, fake_run):
    fake_run()
    calibrate(2)
    calibrate(2, CAPPED, only=["wide"])
    calibrate(2, only=["cnn"], batch_sizes=[32])
    found = [(m.experiment, m.batch_size, m.cap) for m in Expectations.load("fashion_cnn").measured]
    assert len(found) == 4
    assert set(map(str, found)) == {
        str(("cnn", 32, None)),
        str(("small", 64, None)),
        str(("wide", 64, None)),
        str(("wide", 64, CAPPED.cap)),
    }


def test_without_seeds_the_facts_alone_are_computed(path, fake_run):
    done = fake_run()
    calibrate(0)
    assert done == []
    assert Expectations.load("fashion_cnn")["small.parameters"] == 8070
    assert kept(path) == {}


def test_the_usual_batch_sizes_are_measured_where_none_is_asked_for(path, fake_run):
    fake_run()
    calibrate(1, batch_sizes=())
    assert {size for _, size in kept(path)} == set(fashion_cnn.BATCH_SIZES)


def test_too_few_seeds_are_kept_and_said_to_make_no_range(path, fake_run):
    fake_run()
    said = calibrate(2)
    assert "A range needs at least 19 seeds; 2 are kept and make none yet." in said


def test_the_chance_of_a_false_fail_is_said_beforehand(path, fake_run):
    fake_run()
    assert "a chance of at most 0.065%" in calibrate(19)


def test_a_file_that_can_not_be_written_says_what_to_do(path, fake_run, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    fake_run()
    monkeypatch.setattr(suite, "write_whole", refused)
    with pytest.raises(ExpectationError, match=r"can't be written \(Permission denied\)"):
        calibrate(1)


def test_a_damaged_file_is_left_alone(path, fake_run):
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    done = fake_run()
    with pytest.raises(ExpectationError, match="is damaged"):
        calibrate(1)
    assert done == []
    assert path.read_text(encoding="utf-8") == "{"


def rows(said: str, first: str) -> list[list[str]]:
    """Cells of the printed table's rows that hold this text."""
    lines = [line for line in said.splitlines() if first in line]
    return [[cell.strip() for cell in line.strip("│┃").split("│")] for line in lines]


def test_distributions_and_cutoffs_are_printed(path, fake_run):
    fake_run()
    said = calibrate(19)
    (small,) = (row for row in rows(said, " small ") if row[1] == "small")
    assert small[-6:-1] == ["0.500", "0.500", "0.500", "19", "0.500"]
    (ahead,) = rows(said, "wide - small")
    assert ahead[-6:-1] == ["+0.000", "+0.000", "19", "0%", "+0.000"]


def test_a_bound_of_a_chance_is_not_printed_smaller_than_it_is(path, fake_run):
    fake_run()
    (ahead,) = rows(calibrate(19), "wide - small")
    assert float(ahead[-1].rstrip("%")) / 100 >= chance_of_false_fail(19)


def test_without_a_range_none_is_printed(path, fake_run):
    fake_run()
    said = calibrate(18)
    (small,) = (row for row in rows(said, " small ") if row[1] == "small")
    assert small[-3:] == ["18", "none", ""]
    assert rows(said, "wide - small") == []


def test_a_published_figure_is_placed_in_what_was_measured(path, fake_run):
    fake_run()
    said = calibrate(3)
    (figure,) = rows(said, "small.test_accuracy")
    assert figure == [
        "small.test_accuracy",
        "0.771",
        "outside: 0.271 above the nearest, with batches of 64",
    ]
    (unmeasured,) = rows(said, "cnn.test_accuracy")
    assert unmeasured[-1] == "not measured"


# -- experiments that make images, and go on from each other ---------------------------------


TRAINING = suite.Policy("fashion_training", DATA)


def test_every_test_set_of_an_assignment_is_one_that_networks_are_scored_on():
    assert suite.test_sets("fashion_cnn") == ["test"]
    assert suite.test_sets("fashion_training") == ["test", "pretend"]


def test_published_figures_are_named_by_their_test_set():
    figures = Published(train=0.9, test=0.8, others={"pretend": 0.6}).figures()
    assert figures == {"train_accuracy": 0.9, "test_accuracy": 0.8, "pretend_accuracy": 0.6}
    assert Published(others={"pretend": 0.6}).figures() == {"pretend_accuracy": 0.6}
    assert suite.published("fashion_training")["transfer_500.pretend_accuracy"] == 0.67


@pytest.mark.parametrize(
    ("comparison", "title"),
    [
        (Comparison("1", "wide", "small"), "wide - small"),
        (Comparison("1", "a", "b", on=("pretend", "pretend")), "a (pretend) - b (pretend)"),
        (Comparison("1", "a", "a", on=("test", "pretend")), "a (test) - a (pretend)"),
    ],
)
def test_a_comparison_is_named_by_what_differs(comparison, title):
    assert comparison.title == title


@pytest.mark.parametrize("change", ["made_as", "augmented_as", "after"])
def test_what_an_experiment_is_made_of_keeps_it_apart_under_any_cap(change):
    plain = Experiment("a", "1", "cnn")
    other = Experiment("b", "1", "cnn", **{change: "pretend"})
    for cap in (None, Cap(epochs=1, samples=10)):
        assert not plain.same_under(other, cap)
        assert other.same_under(Experiment("c", "2", "cnn", **{change: "pretend"}), cap)


def test_an_experiment_that_a_sheet_asks_for_twice_is_trained_once():
    planned = suite.plan(TRAINING, 1, [32], only=["pret", "transfer_all"])
    assert {item.names for item in planned} == {("pret", "novo_all"), ("transfer_all",)}


def on_pretend(*pairs: tuple[str, float, float]) -> list[Measured]:
    """Nineteen trainings of each experiment, all with this accuracy on both test sets."""
    return [
        Measured(
            experiment=name,
            data=DATA.fingerprint,
            batch_size=32,
            scores=[
                ScoreRecord(seed=seed, train=0.5, test=test, others={"pretend": pretend})
                for seed in range(19)
            ],
        )
        for name, test, pretend in pairs
    ]


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is printed where two experiments of fashion_training were measured."""
    path = tmp_path / "fashion_training.json"
    for module in (expectations, suite):
        monkeypatch.setattr(module, "expected_path", lambda _: path)
    monkeypatch.setattr(fashion_training, "facts", dict)
    suite.save("fashion_training", on_pretend(("orig", 0.8, 0.5), ("pret", 0.7, 0.65)))
    output = io.StringIO()
    print_report(TRAINING, [], Console(file=output, width=200))
    return output.getvalue()


def test_accuracies_are_printed_for_each_test_set(printed):
    first, second = (row for row in rows(printed, " orig ") if row[1] == "orig")
    assert (first[-6], second[-6]) == ("0.800", "0.500")
    assert "Pretend accuracy of the reference" in printed


def test_comparisons_are_printed_on_the_test_sets_that_they_are_made_on(printed):
    (itself,) = rows(printed, "orig (test) - orig (pretend)")
    (other,) = rows(printed, "pret (pretend) - orig (pretend)")
    assert (itself[3], other[3]) == ("+0.300", "+0.150")


def test_published_figures_are_placed_among_the_scores_on_their_test_set(printed):
    (figure,) = rows(printed, "orig.pretend_accuracy")
    assert figure[-1] == "outside: 0.110 above the nearest, with batches of 32"


# -- a real one -----------------------------------------------------------------------------


@pytest.mark.training
def test_a_real_calibration_gives_the_same_scores_when_it_is_repeated(
    tmp_path, monkeypatch, small_data
):
    path = tmp_path / "fashion_cnn.json"
    for module in (expectations, suite):
        monkeypatch.setattr(module, "expected_path", lambda _: path)
    with np.load(small_data / "fashion_mnist.npz") as all_of_it:
        few = {name: array[:300] for name, array in all_of_it.items()}
    np.savez(tmp_path / "fashion_mnist.npz", **few)
    monkeypatch.setenv("TENSORMARK_DATA", str(tmp_path))
    policy = suite.Policy("fashion_cnn", locate("fashion_mnist", "local"))

    def scores(workers: int) -> list[ScoreRecord]:
        calibrate(2, policy, only=["wide"], workers=workers)
        (found,) = Expectations.load("fashion_cnn").measured
        return found.scores

    first = scores(workers=2)
    path.unlink()
    second = scores(workers=1)  # whoever trains it

    assert len({score.test for score in first}) == 2, "two seeds"
    assert {score.labels for score in first} == {"integer", "one_hot"}
    assert second == first


PRETEND = TestSet(
    name="pretend",
    data_set="fashion_mnist",
    items=200,
    generator={"rotation_range": 20, "fill_mode": "constant"},
)
FIRST = Experiment("first", "1", "tiny", optimizer="Adam", items=200, epochs=2)


def tiny() -> Any:
    import keras

    dense = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), dense])


@pytest.fixture
def few(tmp_path, monkeypatch, small_data) -> DataSet:
    with np.load(small_data / "fashion_mnist.npz") as all_of_it:
        np.savez(
            tmp_path / "fashion_mnist.npz",
            **{name: array[:300] for name, array in all_of_it.items()},
        )
    monkeypatch.setenv("TENSORMARK_DATA", str(tmp_path))
    return locate("fashion_mnist", "local")


def trained(experiment: Experiment, data: DataSet, **more: Any) -> Score:
    return train(
        experiment,
        {"tiny": tiny},
        data,
        seed=5,
        batch_size=32,
        setting=setting_for("cpu", None, []),
        test_sets=[PRETEND],
        **more,
    )


@pytest.mark.training
@pytest.mark.filterwarnings(
    # TensorFlow's arrays don't know NumPy 2 yet; Keras' generator calls SciPy by an old name.
    "ignore:__array__ implementation:DeprecationWarning",
    "ignore:Please import `affine_transform`:DeprecationWarning",
)
def test_real_experiments_make_images_augment_and_go_on(few):
    made = replace(FIRST, name="made", made_as="pretend")
    augmented = replace(made, name="augmented", augmented_as="pretend")
    after = replace(made, name="after", after="first")

    scores = [
        trained(made, few),
        trained(augmented, few, labels="one_hot"),
        trained(after, few, before=[FIRST]),
    ]

    assert all(score.others.keys() == {"pretend"} for score in scores)
    assert len({score.train for score in scores}) == 3, "three trainings"
    assert scores[2].train > scores[0].train, "it has learnt before"
