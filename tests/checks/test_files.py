"""Files of networks and arrays, as a run records them."""

from __future__ import annotations

from typing import Any

import pytest

from graders.checks import (
    CheckFailed,
    NotAttempted,
    assert_loaded_arrays,
    assert_loaded_network,
    assert_saved_arrays,
    assert_saved_network,
    attempts_of,
    loaded_networks,
    saved_networks,
)
from graders.recording.schema import FileRecord
from tests.builders.networks import dense_layers
from tests.builders.recordings import Run

WHAT = "the network of 1b"


class Filed(Run):
    """A run with two trained networks, and files of them."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.fit(dense_layers(64))
        self.second = self.fit(dense_layers(32))

    def file(self, action: str, kind: str, name: str, **more: Any) -> FileRecord:
        files = self.recording.files
        settings = {"cell": 4, "size": 9000} | more
        record = FileRecord.model_validate(
            {"id": len(files), "action": action, "kind": kind, "name": name, **settings}
        )
        files.append(record)
        return record

    def network(
        self, action: str, name: str, training: Any, kind: str = "network", **more: Any
    ) -> FileRecord:
        settings = {"model": training.model, "after_training": training.id, "optimizer": True}
        return self.file(action, kind, name, **(settings | more))

    def attempt(self, number: int = 0) -> Any:
        return attempts_of(self.folder())[number]


@pytest.fixture
def run() -> Filed:
    return Filed()


def saved(run: Filed, number: int = 0) -> FileRecord:
    return assert_saved_network(run.folder(), run.attempt(number), what=WHAT)


def test_a_network_that_was_saved_whole_after_its_training_is_right(run: Filed) -> None:
    record = run.network("saved", "a.keras", run.first)
    assert saved(run) == record
    assert saved_networks(run.folder()) == [record]


def test_the_last_of_several_files_counts(run: Filed) -> None:
    run.network("saved", "a.keras", run.first)
    last = run.network("saved", "b.h5", run.first)
    assert saved(run) == last


def test_a_network_that_was_saved_after_a_later_training_holds_this_one(run: Filed) -> None:
    run.network("saved", "a.keras", run.first, after_training=run.first.id + 7)
    assert saved(run).name == "a.keras"


def test_a_copy_that_holds_the_weights_counts_as_the_network(run: Filed) -> None:
    run.network("saved", "a.keras", run.first, model=99)
    assert saved(run).name == "a.keras"


def test_where_nothing_was_saved_there_is_nothing_to_check(run: Filed) -> None:
    run.file("saved", "arrays", "h.npy")
    with pytest.raises(NotAttempted, match="Nothing was saved of the network of 1b") as raised:
        saved(run)
    assert "model.save" in raised.value.hint


def test_weights_alone_are_not_the_network(run: Filed) -> None:
    run.network("saved", "a.weights.h5", run.first, kind="weights", optimizer=None)
    with pytest.raises(CheckFailed, match="had only its weights saved") as raised:
        saved(run)
    assert raised.value.found == "a.weights.h5 in cell 5 (weights alone)"
    assert raised.value.where == "cell 5"


def test_a_network_that_was_saved_before_its_training_says_so(run: Filed) -> None:
    run.network("saved", "a.keras", run.first, after_training=None)
    with pytest.raises(CheckFailed, match="was saved before this training"):
        saved(run)


def test_a_network_without_its_optimizer_says_so(run: Filed) -> None:
    run.network("saved", "a.h5", run.first, optimizer=False)
    with pytest.raises(CheckFailed, match="without its optimizer") as raised:
        saved(run)
    assert "include_optimizer" in raised.value.hint


def test_another_network_that_was_saved_is_named(run: Filed) -> None:
    run.network("saved", "a.keras", run.first)
    with pytest.raises(CheckFailed, match="was not saved; other networks were") as raised:
        saved(run, 1)
    assert raised.value.found == "a.keras in cell 5"


def test_a_hint_of_the_author_takes_the_place_of_the_usual(run: Filed) -> None:
    with pytest.raises(NotAttempted) as raised:
        assert_saved_network(run.folder(), run.attempt(), hint="Look at 2a.")
    assert raised.value.hint == "Look at 2a."


def test_a_saved_network_that_was_loaded_is_right(run: Filed) -> None:
    source = run.network("saved", "a.keras", run.first)
    record = run.network("loaded", "a.keras", run.first, model=9, saved_by=source.id)
    assert assert_loaded_network(run.folder()) == record
    assert assert_loaded_network(run.folder(), run.attempt()) == record
    assert loaded_networks(run.folder()) == [record]


def test_weights_that_were_loaded_into_a_network_built_anew_are_right(run: Filed) -> None:
    source = run.network("saved", "w.weights.h5", run.first, kind="weights")
    run.network("loaded", "w.weights.h5", run.first, kind="weights", saved_by=source.id)
    assert assert_loaded_network(run.folder(), run.attempt()).kind == "weights"


def test_where_no_network_was_loaded_there_is_nothing_to_check(run: Filed) -> None:
    run.network("saved", "a.keras", run.first)
    with pytest.raises(NotAttempted, match="was not loaded again"):
        assert_loaded_network(run.folder(), what=WHAT)


def test_a_network_that_was_brought_along_is_not_the_saved_one(run: Filed) -> None:
    run.network("saved", "a.keras", run.first)
    run.network("loaded", "brought.keras", run.first, after_training=None)
    with pytest.raises(CheckFailed, match="did not save itself") as raised:
        assert_loaded_network(run.folder(), what=WHAT)
    assert "brought.keras" in raised.value.found


def test_another_network_that_was_loaded_is_named(run: Filed) -> None:
    source = run.network("saved", "a.keras", run.first)
    run.network("loaded", "a.keras", run.first, saved_by=source.id)
    with pytest.raises(CheckFailed, match="Another network than the network of 1b"):
        assert_loaded_network(run.folder(), run.attempt(1), what=WHAT)


def test_arrays_have_to_be_large_enough(run: Filed) -> None:
    run.file("saved", "arrays", "h.npy", size=100)
    assert assert_saved_arrays(run.folder(), what="the losses").name == "h.npy"
    with pytest.raises(CheckFailed, match="has 100 bytes") as raised:
        assert_saved_arrays(run.folder(), at_least_bytes=800, what="the losses")
    assert raised.value.expected == "the losses, saved to a file, of 800 bytes or more"


def test_arrays_that_were_saved_and_loaded_are_right(run: Filed) -> None:
    source = run.file("saved", "arrays", "h.npy")
    record = run.file("loaded", "arrays", "h.npy", saved_by=source.id)
    assert assert_loaded_arrays(run.folder(), at_least_bytes=9000, what="the losses") == record


def test_arrays_that_lay_beside_the_work_are_not_loaded_again(run: Filed) -> None:
    run.file("loaded", "arrays", "h.npy")
    with pytest.raises(CheckFailed, match="did not save itself"):
        assert_loaded_arrays(run.folder(), what="the losses")


@pytest.mark.parametrize("check", [assert_saved_arrays, assert_loaded_arrays])
def test_where_no_arrays_are_there_is_nothing_to_check(run: Filed, check: Any) -> None:
    run.file("saved", "other", "notes.txt")
    with pytest.raises(NotAttempted, match="the losses"):
        check(run.folder(), what="the losses")


def test_names_that_a_student_chose_stay_short_and_printable(run: Filed) -> None:
    run.network("saved", "x" * 400 + "\x1b[31m.keras", run.first, optimizer=False)
    with pytest.raises(CheckFailed) as raised:
        saved(run)
    assert "\x1b" not in raised.value.found
    assert len(raised.value.found) < 120


@pytest.mark.parametrize("source", [None, 0, 7, -3, 10**9])
def test_records_that_refer_to_nothing_harm_nobody(run: Filed, source: int | None) -> None:
    run.network("loaded", "a.keras", run.first, saved_by=source, cell=None, model=None)
    with pytest.raises(CheckFailed):
        assert_loaded_network(run.folder(), run.attempt())
