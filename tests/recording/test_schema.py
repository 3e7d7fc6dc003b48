from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

from graders.recording.schema import (
    ArrayRecord,
    AugmentationRecord,
    AxesRecord,
    CallRecord,
    Cell,
    CellOutcome,
    DataSetRecord,
    EnvironmentRecord,
    FigureRecord,
    FileRecord,
    Limits,
    LineRecord,
    Recording,
    TrainingRecord,
)
from tests.builders.networks import compiled, dense
from tests.builders.recordings import network, pair, training

PAIR = pair(3, "train")
FULL = Recording(
    status="complete",
    seconds=12.5,
    cells=[Cell(index=0, kind="code", source="x", exercise="1a", role="code")],
    outcomes=[CellOutcome(index=0, status="error", error_type="NameError", error_message="x")],
    networks=[
        network(1, [dense(10).model_copy(update={"output_shape": [None, 10]})], compiled=compiled())
    ],
    trainings=[training(data=PAIR, validation=PAIR, measured={"test_accuracy": 0.7})],
    calls=[CallRecord(kind="evaluate", model=1, after_training=1, cell=2, data=PAIR)],
    arrays={"boots": ArrayRecord(shape=[3], dtype="int64", file="boots.npy")},
    values={"answers": {"1d": "8,070", "1g": 0.01, "1h": None}},
    figures=[FigureRecord(cell=1, axes=[AxesRecord(lines=[LineRecord(label=None, x=[0], y=[1])])])],
    files=[
        FileRecord(id=0, action="saved", kind="network", name="a.keras", size=9, optimizer=True),
        FileRecord(id=1, action="loaded", kind="weights", name="a.keras", cell=2, saved_by=0),
    ],
    augmentations=[
        AugmentationRecord(
            cell=3,
            kind="generator",
            name="ImageDataGenerator",
            settings={"rotation_range": 20, "zoom_range": [0.9, 1.1], "fill_mode": None},
            shape=[3, 28, 28, 1],
            origin=PAIR.x.origin,
            items=64,
        )
    ],
    data_sets=[DataSetRecord(name="fashion_mnist", source="built-in", fingerprint="ab")],
    environment=EnvironmentRecord(
        python="3.12", tensorflow="2.21", keras="3.15", platform="Linux", device="cpu", seed=1
    ),
    skipped_commands=["pip install keras"],
    cuts=["cell 3: output"],
)


def test_every_part_survives_being_written_and_read():
    assert Recording.model_validate_json(FULL.model_dump_json()) == FULL


def test_what_is_not_a_number_becomes_null():
    history = {"loss": [math.nan, math.inf, -math.inf, 0.5]}
    written = json.loads(training(history=history).model_dump_json())
    assert written["history"]["loss"] == [None, None, None, 0.5]


def test_what_is_not_a_number_becomes_null_inside_free_values_too():
    written = Recording(values={"answers": {"1g": math.nan}, "x": math.inf}).model_dump_json()
    assert json.loads(written)["values"] == {"answers": {"1g": None}, "x": None}


def test_a_recording_starts_out_unfinished():
    assert Recording().status == "running"


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_a_run_needs_some_time(seconds):
    with pytest.raises(ValidationError):
        Limits(seconds=seconds)


@pytest.mark.parametrize("wrong", [{"size": -1}, {"count": 0}, {"kind": "model"}, {"name": None}])
def test_a_file_is_of_a_kind_and_has_a_size_that_can_be(wrong):
    right = {"id": 0, "action": "saved", "kind": "other", "name": "a"}
    with pytest.raises(ValidationError):
        FileRecord.model_validate(right | wrong)


def test_further_attempts_from_before_there_were_several_test_sets_are_test_accuracies():
    kept = json.loads(training().model_dump_json()) | {"repeats": [0.7, None, 1]}
    found = TrainingRecord.model_validate_json(json.dumps(kept)).repeats
    assert found == [{"test_accuracy": 0.7}, None, {"test_accuracy": 1}]


def test_further_attempts_are_kept_with_all_their_scores():
    scores = [{"test_accuracy": 0.7, "pretend_accuracy": None}, None]
    kept = training(repeats=scores)
    assert TrainingRecord.model_validate_json(kept.model_dump_json()).repeats == scores


@pytest.mark.parametrize("wrong", [0.7, "0.7", ["0.7"], [[0.7]], [{"test_accuracy": "many"}]])
def test_what_is_no_score_is_no_further_attempt(wrong):
    kept = json.loads(training().model_dump_json()) | {"repeats": wrong}
    with pytest.raises(ValidationError):
        TrainingRecord.model_validate_json(json.dumps(kept))


def test_unknown_fields_are_refused_at_every_depth():
    document = json.loads(FULL.model_dump_json())
    document["networks"][0]["layers"][0]["grade"] = 1
    with pytest.raises(ValidationError, match="grade"):
        Recording.model_validate(document)
