"""What one runner may ask for, what it is answered, and what is believed of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import RunError, TrainingError
from graders.training.entry import TRAININGS, Measured, Trained, load_trained, save_trained
from graders.training.limits import Limits
from graders.training.request import Cap, Request, fingerprint
from graders.training.session import Draws, Session
from graders.training.stock import Refused
from graders.training.trainer import StoppedError
from tests.builders.trainings import (
    SETTING,
    FakeTrainer,
    asked,
    asked_to_measure,
    digest,
    entry,
    finished,
    given_weights,
    trained,
    weight,
)

Talk = Callable[..., list[Any]]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    exchange, keep = tmp_path / "exchange", tmp_path / "keep"
    exchange.mkdir()
    return Session(FakeTrainer(), exchange, keep)  # type: ignore[arg-type]  # the seam's fake


def fake(session: Session) -> FakeTrainer:
    trainer: Any = session.trainer
    assert isinstance(trainer, FakeTrainer)
    return trainer


def say(session: Session, event: dict[str, Any]) -> list[Any]:
    """What the session replies: parsed messages, and states as bytes."""
    replies = session.answer(event)
    assert replies is not None
    return [reply if k else json.loads(reply) for k, reply in enumerate(replies)]


def fit(session: Session, request: dict[str, Any] | None = None, **more: Any) -> list[Any]:
    """Ask for a training and have it."""
    first = say(session, {"event": "train", "request": request or asked(), **more})
    return say(session, {"event": "arrays"}) if "need" in first[0] else first


def named(request: dict[str, Any] | None = None) -> str:
    return fingerprint(Request.model_validate_json(json.dumps(request or asked())), SETTING)


def test_a_new_training_needs_its_arrays_first(session: Session) -> None:
    (reply,) = say(session, {"event": "train", "request": asked()})
    assert reply == {"need": [digest("x"), digest("y")]}


def test_an_array_that_was_sent_before_is_not_asked_for_again(session: Session) -> None:
    (session.exchange / f"{digest('x')}.f32").touch()
    (reply,) = say(session, {"event": "train", "request": asked()})
    assert reply == {"need": [digest("y")]}


def test_a_training_is_answered_with_its_logs_and_its_state(session: Session) -> None:
    header, state = fit(session)
    assert header["trained"]["request"] == 0
    assert header["trained"]["fingerprint"] == named()
    assert header["trained"]["names"] == ["loss", "accuracy"]
    assert header["trained"]["logs"][0] == {"accuracy": 0.5, "loss": 1.0}
    assert not header["trained"]["reused"]
    assert state == finished().state


def test_a_training_that_is_known_is_answered_at_once(session: Session) -> None:
    fake(session).known[named()] = finished(entry(named()))
    (header, _) = say(session, {"event": "train", "request": asked()})
    assert header["trained"]["reused"]
    assert fake(session).asked_for == []
    assert session.trained[0].reused


def test_what_comes_after_the_runners_end_is_not_kept(session: Session) -> None:
    say(session, {"event": "train", "request": asked()})
    session.close()

    (reply,) = say(session, {"event": "arrays"})

    assert "refused" in reply
    assert not (session.keep / TRAININGS).exists()


def test_who_asks_for_the_same_again_gets_another_run_of_it(session: Session) -> None:
    names = [fit(session)[0]["trained"]["fingerprint"] for _ in range(3)]
    assert names[0] == named()
    assert len(set(names)) == 3


def test_another_submission_repeats_the_same_runs(session: Session, tmp_path: Path) -> None:
    first = [fit(session)[0]["trained"]["fingerprint"] for _ in range(2)]
    other = Session(session.trainer, session.exchange, tmp_path / "other")
    replies = [fit(other)[0]["trained"] for _ in range(2)]
    assert [reply["fingerprint"] for reply in replies] == first
    assert all(reply["reused"] for reply in replies)


def names_of(session: Session, count: int = 3) -> list[str]:
    """Ask for so many trainings, each of another number of epochs, and return their names."""
    requests = [asked(lambda r, n=n: r["fit"].update(epochs=n + 1)) for n in range(count)]
    return [fit(session, request)[0]["trained"]["fingerprint"] for request in requests]


def test_an_attempt_draws_only_what_it_is_made_for_anew(session: Session, tmp_path: Path) -> None:
    first = names_of(session)
    draws = Draws(attempt=1, anew=frozenset({1}))
    again = names_of(Session(session.trainer, session.exchange, tmp_path / "again", draws=draws))
    assert [one == other for one, other in zip(first, again, strict=True)] == [True, False, True]


def test_an_attempt_takes_everything_else_from_the_store(session: Session, tmp_path: Path) -> None:
    names_of(session)
    draws = Draws(attempt=1, anew=frozenset({1}))
    again = Session(session.trainer, session.exchange, tmp_path / "again", draws=draws)
    names_of(again)
    assert [one.reused for one in again.trained] == [True, False, True]


def test_every_attempt_draws_another_seed_and_the_same_one_when_it_is_made_again(
    session: Session, tmp_path: Path
) -> None:
    def drawn(attempt: int, folder: str) -> str:
        draws = Draws(attempt=attempt, anew=frozenset({0}))
        own = Session(session.trainer, session.exchange, tmp_path / folder, draws=draws)
        return names_of(own, 1)[0]

    names = [drawn(attempt, f"{attempt}") for attempt in (0, 1, 2)]
    assert len(set(names)) == 3
    assert [drawn(attempt, f"once more {attempt}") for attempt in (0, 1, 2)] == names


def test_numbers_of_an_attempt_count_networks_that_are_only_measured(
    session: Session, tmp_path: Path
) -> None:
    draws = Draws(attempt=1, anew=frozenset({2}))
    again = Session(session.trainer, session.exchange, tmp_path / "again", draws=draws)
    for one in (session, again):
        fit(one)
        measure(one)
        fit(one, asked(lambda r: r["fit"].update(epochs=7)))
    first, second = ([t.entry.fingerprint for t in one.trained] for one in (session, again))
    assert [one == other for one, other in zip(first, second, strict=True)] == [True, False]


def test_another_draw_of_a_whole_run_draws_everything_anew(
    session: Session, tmp_path: Path
) -> None:
    other = Session(session.trainer, session.exchange, tmp_path / "other", draws=Draws(first=1))
    assert not set(names_of(session)) & set(names_of(other))


def test_what_only_tells_something_is_not_answered(session: Session) -> None:
    for event in ({"event": "cell", "cell": 3}, {}, {"event": None}, {"event": ["train"]}):
        assert session.answer(event) is None


def test_epochs_are_told_to_whoever_shows_them(session: Session) -> None:
    told: list[dict[str, Any]] = []
    session.progress = told.append
    fit(session)
    assert told == [{"event": "epoch", "epoch": 1, "of": 2}]


def test_what_was_trained_is_kept_beside_the_recording(session: Session) -> None:
    fit(session, cell=4, model=7)
    (kept,) = load_trained(session.keep)
    assert (kept.request, kept.cell, kept.model, kept.start) == (0, 4, 7, "fresh")
    assert kept.entry.fingerprint == named()


def test_the_steps_of_an_epoch_are_kept_as_they_were_asked_for(session: Session) -> None:
    fit(session)
    fit(session, asked(lambda request: request["fit"].update(steps_per_epoch=1)))
    assert [kept.steps_per_epoch for kept in session.trained] == [None, 1]


def test_predictions_are_kept_as_a_file_of_their_own(session: Session) -> None:
    classes = np.array([1, 2, 0], np.uint8)
    fake(session).results = lambda name, _: finished(entry(name), predictions=classes)
    fit(session)
    (kept,) = session.trained
    assert kept.predictions == "predictions-0.npy"
    np.testing.assert_array_equal(np.load(session.keep / "predictions-0.npy"), classes)


def test_diverged_logs_can_be_sent(session: Session) -> None:
    logs: list[dict[str, float | None]] = [{"loss": 1.0}, {"loss": None}]
    fake(session).results = lambda name, _: finished(entry(name, logs=logs))
    header, _ = fit(session)
    assert header["trained"]["logs"] == logs


# Limits: the same whether something was trained now or before.


def limited(session: Session, **limits: Any) -> None:
    fake(session).limits = Limits(**limits)


def test_the_number_of_trainings_is_limited(session: Session) -> None:
    limited(session, trainings=2)
    replies = [fit(session)[0] for _ in range(3)]
    assert ["over" in reply for reply in replies] == [False, False, True]
    assert "training number 3" in replies[2]["over"]


def test_refused_requests_count_as_trainings_too(session: Session) -> None:
    limited(session, trainings=1)
    assert "refused" in say(session, {"event": "train", "request": None})[0]
    assert "over" in fit(session)[0]


def test_the_size_of_the_data_is_limited_before_anything_is_read(session: Session) -> None:
    limited(session, megabytes=0.0001)
    (reply,) = say(session, {"event": "train", "request": asked()})
    assert "MB" in reply["over"]


@pytest.mark.parametrize("size", [2**31, 2**20])
def test_announced_sizes_beyond_any_machine_are_over_the_limit(session: Session, size: int) -> None:
    def huge(request: dict[str, Any]) -> None:
        request["data"]["x"][0]["shape"] = [10, *[size] * 7]

    (reply,) = say(session, {"event": "train", "request": asked(huge)})
    assert "MB" in reply["over"]


def operations(session: Session, plan: dict[int, float], *, reused: set[int]) -> list[bool]:
    """Ask for trainings that cost so much, and tell which ones were answered."""

    def cost(name: str, request: Request) -> Any:
        found = finished(entry(name, operations=plan[request.fit.epochs]))
        total = fake(session).asked_for[-1][1] + found.entry.operations
        limit = session.trainer.limits.operations
        if total > limit:  # as carry_out has it
            raise TrainingError.too_much_work(total, limit)
        return found

    fake(session).results = cost
    answered = []
    for epochs, price in plan.items():
        request = asked()
        request["fit"]["epochs"] = epochs
        if epochs in reused:
            known = finished(entry(named(request), operations=price))
            fake(session).known[named(request)] = known
        answered.append("trained" in fit(session, request)[0])
    return answered


def test_work_is_summed_over_all_trainings(session: Session) -> None:
    limited(session, operations=100)
    assert operations(session, {1: 60, 2: 40, 3: 1}, reused=set()) == [True, True, False]


def test_work_that_was_reused_counts_as_if_it_had_been_done(session: Session) -> None:
    limited(session, operations=100)
    assert operations(session, {1: 60, 2: 60}, reused={1, 2}) == [True, False]


def test_who_was_first_does_not_decide_what_is_over_the_limit(session: Session) -> None:
    limited(session, operations=100)
    assert operations(session, {1: 60, 2: 60, 3: 30}, reused={2}) == [True, False, True]


def test_who_was_first_does_not_decide_about_epochs(session: Session) -> None:
    limited(session, epochs=1)
    fake(session).known[named()] = finished(entry(named()))
    assert "over" in fit(session)[0]


def test_who_was_first_does_not_decide_about_parameters(session: Session) -> None:
    limited(session, parameters=5)
    fake(session).known[named()] = finished(entry(named()))
    assert "over" in fit(session)[0]


# Where the weights come from.


def after(session: Session, *names: object, epochs: int = 5, **more: Any) -> Trained:
    """Ask for a training from these weights, and return what is believed of it."""

    def change(request: dict[str, Any]) -> None:
        given_weights(request, *names)
        request["fit"]["epochs"] = epochs
        request.update(more)

    assert "trained" in fit(session, asked(change))[0]
    return session.trained[-1]


def leaving(session: Session, *names: object, epochs: int = 2) -> None:
    """Let the next training leave these weights behind, after so many epochs."""
    logs = [{"loss": 1.0}] * epochs
    weights = [weight(name) for name in names]
    fake(session).results = lambda name, _: finished(entry(name, weights=weights, logs=logs))


def test_fresh_weights_make_a_fresh_start(session: Session) -> None:
    assert after(session, None, None, None, None).start == "fresh"


def test_the_weights_of_a_training_before_are_continued(session: Session) -> None:
    leaving(session, "a", "b", "c", "d", epochs=3)
    after(session, None, None, None, None)
    leaving(session, "e", "f", "g", "h", epochs=2)
    second = after(session, "a", "b", "c", "d", epochs=6)
    third = after(session, "e", "f", "g", "h", epochs=7)
    assert [(t.start, t.epochs_before) for t in (second, third)] == [
        ("continued", 3),
        ("continued", 5),
    ]


def test_some_weights_of_a_training_before_are_transferred(session: Session) -> None:
    leaving(session, "a", "b", "c", "d")
    after(session, None, None, None, None)
    assert after(session, "a", "b", None, None).start == "transferred"


def test_weights_of_two_trainings_are_transferred(session: Session) -> None:
    leaving(session, "a", "b", "c", "d")
    after(session, None, None, None, None)
    leaving(session, "e", "f", "g", "h")
    after(session, None, None, None, None, epochs=6)
    assert after(session, "a", "b", "g", "h").start == "transferred"


@pytest.mark.parametrize("names", [("a", "b", "c", "x"), ("x", None, None, None)])
def test_weights_from_elsewhere_are_given(session: Session, names: tuple[object, ...]) -> None:
    leaving(session, "a", "b", "c", "d")
    after(session, None, None, None, None)
    assert after(session, *names).start == "given"


def test_what_continues_given_weights_is_given(session: Session) -> None:
    leaving(session, "a", "b", "c", "d")
    assert after(session, "x", "y", "z", "w").start == "given"
    assert after(session, "a", "b", "c", "d").start == "given"


def test_an_optimizers_slots_from_elsewhere_are_given(session: Session) -> None:
    shapes = {"velocity 1": [4, 5], "velocity 2": [5], "velocity 3": [5, 3], "velocity 4": [3]}
    slots = [{"digest": digest(name), "shape": shape} for name, shape in shapes.items()]
    compiled = asked()["compiled"] | {"state": {"iterations": 1, "slots": slots}}
    assert after(session, None, None, None, None, compiled=compiled).start == "given"


def test_a_normalization_that_was_adapted_makes_no_given_start(session: Session) -> None:
    def change(request: dict[str, Any]) -> None:
        adapted = [{"digest": digest(k), "shape": [4]} for k in ("mean", "variance")]
        layers = request["network"]["layers"]
        layers[0] = {
            "stock": {"kind": "layers", "name": "Normalization", "config": {}},
            "weights": [*adapted, {"digest": digest("count"), "shape": []}],
        }

    fit(session, asked(change))
    assert session.trained[0].start == "fresh"


def test_a_capped_training_counts_the_epochs_that_were_asked_for(session: Session) -> None:
    fake(session).results = lambda name, _: finished(entry(name, capped=True))
    assert after(session, None, None, None, None, epochs=50).epochs == 50


def test_a_capped_training_counts_the_steps_that_were_asked_for(session: Session) -> None:
    fake(session).results = lambda name, _: finished(entry(name, capped=True, steps=1))
    fit(session, asked(lambda r: r["fit"].update(epochs=5, initial_epoch=2, batch_size=4)))
    assert (session.trained[0].epochs, session.trained[0].steps) == (3, 3 * 3)


def test_a_capped_history_has_as_many_epochs_as_were_asked_for(session: Session) -> None:
    fake(session).results = lambda name, _: finished(entry(name, capped=True))
    after(session, None, None, None, None, epochs=5)
    logs = session.trained[0].entry.logs
    assert len(logs) == 5
    assert logs[1:] == [logs[1]] * 4


def test_a_whole_training_counts_the_steps_that_were_made(session: Session) -> None:
    fake(session).results = lambda name, _: finished(entry(name, steps=7))
    fit(session, asked(lambda r: r["fit"].update(epochs=50)))
    assert session.trained[0].steps == 7


def test_a_training_that_stopped_by_itself_counts_its_epochs(session: Session) -> None:
    fake(session).results = lambda name, _: finished(entry(name, capped=True, stopped=True))
    assert after(session, None, None, None, None, epochs=50).epochs == 2


# What goes wrong is answered.


def test_arrays_that_nobody_asked_for_are_refused(session: Session) -> None:
    assert say(session, {"event": "arrays"}) == [{"refused": "nothing was asked for"}]


def test_a_request_can_be_trained_once_only(session: Session) -> None:
    fit(session)
    assert "refused" in say(session, {"event": "arrays"})[0]


def test_a_refused_request_does_not_leave_the_one_before_waiting(session: Session) -> None:
    say(session, {"event": "train", "request": asked()})
    say(session, {"event": "train", "request": "nonsense"})
    assert "refused" in say(session, {"event": "arrays"})[0]


@pytest.mark.parametrize(
    ("error", "key", "said"),
    [
        (Refused("it doesn't fit"), "refused", "it doesn't fit"),
        (TrainingError.too_slow(5), "over", "5 s"),
        (StoppedError(), "refused", "ended"),
        (RunError.trainer_died("exit status 1"), "refused", "failed"),
    ],
)
def test_what_goes_wrong_is_answered(
    session: Session, error: Exception, key: str, said: str
) -> None:
    fake(session).error = error
    assert said in fit(session)[0][key]
    assert session.trained == []


def test_only_the_graders_own_failures_are_told_to_the_ta(session: Session) -> None:
    for error in (Refused("no"), RunError.trainer_died("exit status 1")):
        fake(session).error = error
        fit(session)
    assert len(fake(session).warnings) == 1
    assert "exit status 1" in fake(session).warnings[0]


JUNK: list[Any] = [
    *(None, True, -1, 1.5, 10**400, "", "request", [], {}, [[[]]], "\ud800", float("nan")),
    {"network": {}},
    {"network": None, "compiled": None, "data": None, "fit": None},
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:20])
def test_a_request_of_nonsense_is_refused(session: Session, junk: Any) -> None:
    (reply,) = say(session, {"event": "train", "request": junk, "cell": junk, "model": junk})
    assert "not valid" in reply["refused"]


def test_an_event_without_a_request_is_refused(session: Session) -> None:
    assert "refused" in say(session, {"event": "train"})[0]


@pytest.mark.parametrize("junk", [None, -1, 10**400, 1.5, "3", [], {}])
def test_numbers_of_cells_and_models_that_are_none_are_left_out(
    session: Session, junk: Any
) -> None:
    fit(session, cell=junk, model=junk)
    assert (session.trained[0].cell, session.trained[0].model) == (None, None)


def test_data_without_items_are_refused_under_a_cap_as_well(session: Session) -> None:
    def change(request: dict[str, Any]) -> None:
        for key in ("x", "y"):
            request["data"][key] = [{"digest": digest(key), "shape": []}]

    fake(session).setting = SETTING.model_copy(update={"cap": Cap(epochs=1, samples=5)})
    assert "refused" in say(session, {"event": "train", "request": asked(change)})[0]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(event=st.dictionaries(st.sampled_from(["event", "request", "cell", "model"]), _json))
def test_whatever_is_said_the_session_goes_on(event: dict[str, Any]) -> None:
    session = Session(FakeTrainer(), Path("nowhere"), Path("nowhere"))  # type: ignore[arg-type]
    for kind in ("train", "measure", event.get("event")):
        replies = session.answer(event | {"event": kind})
        assert replies is None or all("refused" in json.loads(reply) for reply in replies)


# Networks that were trained in the student's process.


def measure(session: Session, request: Any = None, **more: Any) -> dict[str, Any]:
    """Ask for a measurement, and return the last reply."""
    first = say(session, {"event": "measure", "request": request or asked_to_measure(), **more})
    return (say(session, {"event": "arrays"}) if "need" in first[0] else first)[-1]


def test_a_network_to_be_measured_needs_all_its_weights(session: Session) -> None:
    (reply,) = say(session, {"event": "measure", "request": asked_to_measure()})
    assert reply == {"need": [weight(name) for name in "abcd"]}


def test_a_measurement_is_kept_beside_the_recording_and_numbered_like_a_training(
    session: Session,
) -> None:
    fit(session)
    assert measure(session, cell=4, model=7) == {"measured": {"request": 1}}
    fit(session)
    kept = {one.request: one for one in load_trained(session.keep)}
    assert sorted(kept) == [0, 1, 2]
    assert isinstance(kept[1], Measured)
    assert (kept[1].cell, kept[1].model) == (4, 7)
    assert kept[1].found.measured == {"test_accuracy": 0.5}
    assert np.load(session.keep / kept[1].predictions).tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    "form",
    [
        *({"scale": value} for value in (float("nan"), float("inf"), 1e300, True, "1", None)),
        {"offset": float("-inf")},
        {"offset": False},
        *({"shape": value} for value in ([], [0], [-4], [True], [4.0], [10**9], [None])),
        {"shape": [10_000_000] * 8},
        {"shape": [1] * 9},
        {"items": 10**9},
        {"images": [{"digest": digest("x"), "shape": [10, 4]}]},
        {"data_set": None},
        {"data_set": "d" * 1000},
    ],
    ids=str,
)
def test_a_crafted_form_is_refused(session: Session, form: dict[str, Any]) -> None:
    assert "not valid" in measure(session, asked_to_measure(**form))["refused"]
    assert session.measured == []


def test_a_network_to_be_measured_can_leave_no_weight_to_us(session: Session) -> None:
    request = asked_to_measure()
    request["network"]["layers"][0]["weights"][0] = None
    assert "a weight is not given" in measure(session, request)["refused"]


def test_a_training_is_no_measurement(session: Session) -> None:
    assert "not valid" in measure(session, asked())["refused"]
    assert "not valid" in fit(session, asked_to_measure())[0]["refused"]


def test_the_number_of_measurements_is_limited(session: Session) -> None:
    limited(session, trainings=2)
    assert ["refused" in measure(session) for _ in range(3)] == [False, False, True]


def test_measurements_are_bounded_in_size_and_add_to_the_work(session: Session) -> None:
    limited(session, megabytes=0.0001)
    assert "MB" in measure(session)["over"]
    limited(session, operations=250)
    assert ["over" in measure(session) for _ in range(3)] == [False, False, True]


# The file of what is believed.


def test_trainings_come_back_from_their_file(tmp_path: Path) -> None:
    many = [trained(0), trained(1, start="continued", epochs_before=2, predictions="p.npy")]
    save_trained(many, tmp_path)
    assert load_trained(tmp_path) == many


def test_no_file_means_no_trainings(tmp_path: Path) -> None:
    assert load_trained(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b"[{}]", b"\xff\xfe", b"[null]"])
def test_a_damaged_file_is_the_graders_trouble(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TRAININGS).write_bytes(content)
    with pytest.raises(RunError, match="damaged"):
        load_trained(tmp_path)
