"""A forged recording earns nothing more, and stops nobody: graded to the last page, every time."""

from __future__ import annotations

import copy
import json
import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import graders.grading
from graders.checks.attempts import attempts_of
from graders.errors import AssignmentError, RecordingError
from graders.grading import RECORDING
from graders.recording import RecordingFolder
from graders.recording.reader import trusted_folder
from graders.regrade import regrade
from graders.result import CheckResult, Outcome, Result, SubmissionInfo
from graders.training.entry import save_trained
from tests.builders.classes import Watcher
from tests.builders.hostile import CHECKS, Bench, Case, good, worthless
from tests.builders.recordings import npy, ran
from tests.builders.results import info
from tests.builders.trainings import facts, trained

GOOD, WORTHLESS = good(), worthless()
FILE = {"id": 0, "action": "loaded", "kind": "network", "name": "a.keras"}
SOURCE = {"cell": 0, "kind": "generator", "name": "ImageDataGenerator", "settings": {}}
Edit = Callable[[dict[str, Any]], None]
NASTY = "a\x00b\x1b[31mred\x1b[0m\u202etfel\u2066\ufeff<script>alert(1)</script>`|=cmd\r\n"


def case(base: Case = GOOD) -> Case:
    return copy.deepcopy(base)


def graded(bench: Bench, folder: Path, one: Case, text: bytes | None = None) -> Result:
    one.write(folder, text)
    result = bench.grade(folder)
    assert all(isinstance(check.outcome, Outcome) for check in result.checks)
    assert 0 <= result.score <= 17, "a right solution without measurements earns no more"
    if result.execution.status == "error":
        assert (result.score, result.pending) == (0, result.points + result.bonus_points)
    else:
        assert len(result.checks) == CHECKS
    return result


def edited(bench: Bench, folder: Path, edit: Edit, base: Case = GOOD) -> Result:
    one = case(base)
    edit(one.raw)
    return graded(bench, folder, one)


def check(result: Result, name: str) -> CheckResult:
    (found,) = [one for one in result.checks if one.id.endswith(f"::{name}")]
    return found


def broken(result: Result) -> list[str]:
    """Checks that didn't judge because of an exception, which is no outcome of their own."""
    return [one.id for one in result.checks if one.message.startswith("The check itself failed")]


# -- anything at all ------------------------------------------------------------------------

_SCALARS = st.sampled_from(
    [
        *(None, False, -1, 2, 10**9, 2**64, 10**30, 10**400, -(10**400)),
        *(-0.5, 1e-300, 1e308, -1e308, math.nan, math.inf, -math.inf),
        *("", "9" * 400, "x" * 20_000, NASTY, "\ud800", "../a.npy", "predicted.npy", "1d", "ok"),
    ]
)
_VALUES = st.one_of(
    _SCALARS,
    st.just(json.loads("[" * 150 + "]" * 150)),
    st.just([[]] * 3000),
    st.just([10**6] * 100),
    st.just({str(i): i for i in range(2000)}),
    st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
)
_NUMBERS = st.sampled_from([-1, 0, 1, 2, 3, 99, 10**9, 2**64, None])
_EDITS = st.tuples(
    st.integers(0, 10**6), st.sampled_from(["replace", "delete", "double", "renumber"]), _VALUES
)
_TYPES = st.sampled_from(["O", "V8", "f4", ">i4", "c16", "U9", "?", "M8[s]", "i1,i2", "f2", "u8"])
_ARRAYS = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet="{}()[]'descr:<i8|O,-0123456789 fortran_order", max_size=100).map(npy),
    st.builds(
        lambda kind, shape: np.zeros(shape, dtype=kind),
        _TYPES,
        st.lists(st.integers(0, 5), max_size=4),
    ),
    st.sampled_from([np.full((5, 5), np.nan), np.full((5, 5), 1e15), np.full(9, -np.inf)]),
    st.just(np.arange(10_000)[::-1].reshape(100, 100)),
)


@settings(
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    base=st.sampled_from([GOOD, WORTHLESS]),
    edits=st.lists(_EDITS, min_size=1, max_size=6),
    number=_NUMBERS,
    files=st.lists(st.tuples(st.integers(0, 10), _ARRAYS), max_size=2),
)
def test_no_damage_stops_grading_and_none_earns_a_point(
    bench: Bench,
    tmp_path_factory: pytest.TempPathFactory,
    *,
    base: Case,
    edits: list[tuple[int, str, Any]],
    number: int | None,
    files: list[tuple[int, Any]],
) -> None:
    one = case(base)
    for where, how, value in edits:
        _damage(one.raw, where, how, number if how == "renumber" else value)
    names = sorted(one.files)
    for where, content in files:
        one.files[names[where % len(names)]] = content
    result = graded(bench, tmp_path_factory.mktemp("forged"), one)
    assert result.score <= (17 if base is GOOD else 0)
    assert broken(result) == []


def _damage(raw: dict[str, Any], where: int, how: str, value: Any) -> None:
    places = list(_places(raw))
    if how == "renumber":
        numbers = ("id", "index", "network", "model", "cell", "after_training", "request")
        places = [(held, key) for held, key in places if key in numbers] or places
    held, key = places[where % len(places)]
    if how == "delete":
        del held[key]
    elif how == "double" and isinstance(held, list):
        held.insert(key, copy.deepcopy(held[key]))
    elif how == "double":
        held[f"{key}2"] = copy.deepcopy(held[key])
    else:
        held[key] = copy.deepcopy(value)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every key and position, those of the upper levels as often as all beneath together."""
    keys = list(node) if isinstance(node, dict) else range(len(node))
    for key in keys:
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


# -- the file -------------------------------------------------------------------------------


def deep(brackets: int) -> bytes:
    return b'{"values": {"a": ' + b"[" * brackets + b"]" * brackets + b"}}"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xef\xbb\xbf{}",
        b'{"schema_version": 1',
        b"[1]",
        b"null",
        b'{"schema_version": 2}',
        b'{"schema_version": [1]}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"seconds": ' + b"1" * 5000 + b"}",
        b'{"values": [' + b"[]," * 4_000_000 + b"[]]}",
        deep(100_000),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_no_recording_is_an_error_and_no_zero(
    bench: Bench, tmp_path: Path, text: bytes
) -> None:
    result = graded(bench, tmp_path, case(), text)
    assert result.execution.status == "error"
    assert "recording.json of the recording can't be used" in result.execution.message
    assert len(result.execution.message) < 300


def test_of_a_key_that_comes_twice_the_last_counts(bench: Bench, tmp_path: Path) -> None:
    text = json.dumps(GOOD.raw).encode()
    result = graded(bench, tmp_path, case(), text[:-1] + b', "trainings": []}')
    assert result.trainings == []


def fifo(path: Path) -> None:
    os.mkfifo(path)


def symbolic(path: Path) -> None:
    (path.parent.parent / "elsewhere").write_bytes(b"{}")
    path.symlink_to(path.parent.parent / "elsewhere")


def hard(path: Path) -> None:
    (path.parent.parent / "elsewhere").write_bytes(b"{}")
    path.hardlink_to(path.parent.parent / "elsewhere")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's address is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**30)


FORGERIES = [fifo, symbolic, hard, device, listening, sparse, Path.mkdir, Path.touch]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_only_a_plain_file_is_a_recording(
    bench: Bench, tmp_path: Path, forgery: Callable[[Path], None]
) -> None:
    one = case()
    one.write(tmp_path)
    path = tmp_path / RECORDING / "recording.json"
    path.unlink()
    forgery(path)
    result = bench.grade(tmp_path)
    assert (result.execution.status, result.score) == ("error", 0)
    assert "recording.json of the recording can't be used" in result.execution.message


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("forgery", [*FORGERIES, Path.exists])
def test_an_array_in_no_plain_file_is_an_error_of_its_own_check_alone(
    bench: Bench, tmp_path: Path, forgery: Callable[[Path], object]
) -> None:
    one = case()
    one.write(tmp_path)
    path = tmp_path / RECORDING / "KxIA.npy"
    path.unlink()
    forgery(path)
    result = bench.grade(tmp_path)
    mine = check(result, "test_convolution[KxIA]")
    assert mine.outcome is Outcome.ERROR
    assert mine.message.startswith("KxIA.npy of the recording can't be used: ")
    assert result.score == 16


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_recording_that_is_a_link_to_another_is_not_followed(
    bench: Bench, tmp_path: Path
) -> None:
    case().write(tmp_path / "alice")
    (tmp_path / "mallory").mkdir()
    (tmp_path / "mallory" / RECORDING).symlink_to(tmp_path / "alice" / RECORDING)
    result = bench.grade(tmp_path / "mallory")
    assert (result.execution.status, result.score) == ("error", 0)
    assert "is a link or a file" in result.execution.message


def test_a_recording_that_is_a_file_is_an_error(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / RECORDING).touch()
    assert bench.grade(tmp_path).execution.status == "error"


# -- items ----------------------------------------------------------------------------------


def read(folder: Path, raw: dict[str, Any]) -> RecordingFolder:
    Case(raw).write(folder)
    return RecordingFolder.open(folder / RECORDING)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("trainings", "2 of 7 trainings"),
        ("networks", "2 of 7 networks"),
        ("cells", "2 of 7 cells"),
        ("outcomes", "2 of 7 outcomes of cells"),
    ],
)
def test_damaged_items_are_left_out_and_the_recording_says_how_many(
    tmp_path: Path, field: str, words: str
) -> None:
    raw = case().raw
    raw[field][1] = {"id": "x"}
    raw[field][3] = 5
    found = read(tmp_path, raw).data
    assert len(getattr(found, field)) == 5
    assert found.cuts == [f"{words} in the recording are damaged and were left out."]


def test_the_rest_of_a_damaged_recording_is_graded(bench: Bench, tmp_path: Path) -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["trainings"][2] = None

    result = edited(bench, tmp_path, edit)
    lost = {one.exercise for one in result.checks if one.outcome is Outcome.NOT_ATTEMPTED}
    assert lost == {"1h"}
    assert result.execution.cuts == [
        "1 of 7 trainings in the recording is damaged and was left out."
    ]


@pytest.mark.parametrize("value", [5, "text", None, {"a": 1}, True])
@pytest.mark.parametrize("field", ["trainings", "cells", "outcomes", "networks", "cuts"])
def test_a_list_that_is_none_counts_as_empty(
    bench: Bench, tmp_path: Path, field: str, value: Any
) -> None:
    result = edited(bench, tmp_path, lambda raw: raw.update({field: value}))
    assert result.execution.cuts == [f"The {field} of the recording can't be read."]
    assert broken(result) == []


@pytest.mark.parametrize("field", ["arrays", "values"])
def test_a_dict_that_is_none_counts_as_empty(bench: Bench, tmp_path: Path, field: str) -> None:
    result = edited(bench, tmp_path, lambda raw: raw.update({field: [["boots", 1]]}))
    assert result.execution.cuts == [f"The {field} of the recording can't be read."]
    assert broken(result) == []


def test_parts_that_nobody_knows_are_left_out(bench: Bench, tmp_path: Path) -> None:
    result = edited(bench, tmp_path, lambda raw: raw.update(score=32, **{"x" * 9999: 1}))
    assert result.execution.cuts == [
        "The recording holds parts that are unknown; they were left out."
    ]


@pytest.mark.parametrize("status", ["passed", None, 1, ["complete"], "x" * 10**6])
def test_a_status_that_cant_be_read_takes_no_points(
    bench: Bench, tmp_path: Path, status: Any
) -> None:
    result = edited(bench, tmp_path, lambda raw: raw.update(status=status), WORTHLESS)
    assert {one.outcome for one in result.checks} == {Outcome.ERROR}


# -- numbers that refer to others ------------------------------------------------------------


@pytest.mark.parametrize("number", [-1, 3, 99, 10**12, 2**64])
@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("networks", "id"),
        ("trainings", "id"),
        ("trainings", "network"),
        ("trainings", "model"),
        ("trainings", "cell"),
        ("trainings", "request"),
        ("cells", "index"),
        ("outcomes", "index"),
        ("calls", "after_training"),
    ],
)
def test_numbers_may_lead_nowhere(
    bench: Bench, tmp_path: Path, field: str, key: str, number: int
) -> None:
    def edit(raw: dict[str, Any]) -> None:
        for item in raw[field]:
            item[key] = number

    assert broken(edited(bench, tmp_path, edit)) == []


def test_a_cell_that_failed_is_shown_with_its_own_error(bench: Bench, tmp_path: Path) -> None:
    def edit(raw: dict[str, Any]) -> None:
        del raw["cells"][0]
        raw["outcomes"][0]["index"] = 99
        raw["outcomes"][4] |= {"status": "error", "error_type": "TypeError"}

    cells = edited(bench, tmp_path, edit).execution.failed_cells
    assert [(cell.index, cell.error_type, cell.source) for cell in cells] == [
        (4, "TypeError", "model = ...")
    ]


def test_a_cell_keeps_its_place_where_others_are_left_out(tmp_path: Path) -> None:
    raw = case().raw
    raw["cells"][2]["source"] = "mine"
    raw["cells"][0] = "damaged"
    found = read(tmp_path, raw)
    assert found.cell(0) is None
    cell = found.cell(2)
    assert cell is not None
    assert cell.source == "mine"


def test_of_items_with_one_number_the_first_is_kept(tmp_path: Path) -> None:
    raw = case().raw
    raw["networks"][1]["id"] = raw["networks"][0]["id"]
    raw["trainings"][1]["id"] = raw["trainings"][0]["id"]
    found = read(tmp_path, raw).data
    assert [len(found.networks), len(found.trainings)] == [6, 6]
    assert [n.id for n in found.networks] == [
        n["id"] for n in (*raw["networks"][:1], *raw["networks"][2:])
    ]


def test_no_second_network_under_a_number_shadows_the_one_that_we_trained(tmp_path: Path) -> None:
    raw = case().raw
    forged = copy.deepcopy(raw["networks"][4]) | {"id": raw["networks"][0]["id"]}
    raw["networks"].append(forged)
    raw["trainings"][0]["request"] = 0
    save_trained([trained()], _trained_folder(tmp_path))
    found = attempts_of(read(tmp_path, raw))
    (ours,) = [one for one in found if one.training is not None and one.training.verified]
    assert ours.network.layers == facts().layers


def test_a_damaged_training_that_we_trained_is_put_back(tmp_path: Path) -> None:
    raw = case().raw
    raw["trainings"][0] |= {"request": 0, "epochs": "many"}
    save_trained([trained()], _trained_folder(tmp_path))
    found = read(tmp_path, raw).data.trainings
    assert [one.verified for one in found] == [False] * 6 + [True]
    assert len({one.id for one in found}) == 7


def _trained_folder(folder: Path) -> Path:
    path = trusted_folder(folder / RECORDING)
    path.mkdir()
    return path


# -- figures and texts ------------------------------------------------------------------------


def setter(*path: Any, to: Any) -> Edit:
    """Set one place of a recording."""

    def edit(raw: dict[str, Any]) -> None:
        node: Any = raw
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = to

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        setter("trainings", 0, "data", "x", "shape", to=[]),
        setter("trainings", 0, "validation", "x", "shape", to=[]),
        setter("trainings", 0, "data", "x", "shape", to=[-5, 784]),
        setter("trainings", 0, "data", "x", "shape", to=[10**6] * 10_000),
        setter("trainings", 0, "data", "x", "shape", to=[10**400]),
        setter("trainings", 0, "data", "x", "minimum", to=math.nan),
        setter("trainings", 0, "data", "x", "maximum", to=math.inf),
        setter("trainings", 0, "validation_split", to=1e308),
        setter("trainings", 0, "validation_split", to=-1e308),
        setter("trainings", 0, "epochs", to=-3),
        setter("trainings", 0, "epochs", to=10**400),
        setter("trainings", 0, "batch_size", to=0),
        setter("trainings", 0, "batch_size", to=-64),
        setter("trainings", 0, "seconds", to=1e308),
        setter("trainings", 0, "history", to={"accuracy": [5.0, 5.0], "loss": [1e308, -1e308]}),
        setter("trainings", 0, "history", to={"accuracy": [-1.0], "val_accuracy": [2.0]}),
        setter("trainings", 0, "history", to={NASTY: [0.5], "accuracy": [None], "loss": []}),
        setter("trainings", 0, "note", to=NASTY * 30),
        setter("networks", 0, "layers", to=[]),
        setter("networks", 0, "layers", 0, "output_shape", to=[None, *[2**60] * 60]),
        setter("networks", 0, "layers", 1, "parameters", to=2**64),
        setter("networks", 0, "layers", 1, "type", to=NASTY),
        setter("networks", 0, "layers", 1, "config", to={"units": 10**400}),
        setter("networks", 0, "layers", 1, "config", to={"units": [[[NASTY]]] * 99}),
        setter("networks", 0, "layers", 1, "config", to={"kernel_size": {"a": [1]}, "rate": []}),
        setter("networks", 0, "layers", 1, "config", to={"activation": {"class": [1] * 500}}),
        setter("networks", 0, "layers", 0, to={"type": "Rescaling", "config": {"scale": 2**64}}),
        setter("networks", 0, "compiled", "learning_rate", to=math.inf),
        setter("networks", 0, "compiled", "optimizer_config", to={"momentum": 10**400}),
        setter("networks", 0, "compiled", "optimizer", to=NASTY),
        setter("networks", 0, "compiled", "metrics", to=["acc" * 100] * 999),
        setter("outcomes", 0, to={"index": 0, "status": "error", "error_type": NASTY}),
        setter("outcomes", 0, to={"index": 0, "status": "error", "error_message": NASTY * 99}),
        setter("cells", 0, "exercise", to=NASTY),
        setter("cells", 0, to={"index": 0, "kind": "code", "source": "(" * 90_000}),
        setter("skipped_commands", to=[NASTY, 5, *["x" * 10**5] * 99]),
        setter("cuts", to=[NASTY, None, *map(str, range(999))]),
        setter("environment", to={"python": NASTY}),
        setter("figures", to=[{"cell": 0, "axes": [{"lines": [{}]}]}]),
        setter("files", to=[FILE | {"name": NASTY, "cell": 10**30}]),
        setter("files", to=[FILE | {"id": k, "saved_by": -k} for k in range(999)]),
        setter("files", to={"id": 0}),
        setter("augmentations", to=[SOURCE | {"name": NASTY, "settings": {NASTY: NASTY}}]),
        setter("augmentations", to=[SOURCE | {"settings": {"zoom_range": [[[NASTY]]] * 99}}]),
        setter("augmentations", to=[SOURCE | {"items": 10**400, "shape": [10**6] * 99}]),
        setter("augmentations", to=[SOURCE] * 999),
        setter("augmentations", to=SOURCE),
        setter("trainings", 0, "data", "form", to="flow"),
        setter("trainings", 0, "data", "augmentation", to={NASTY: [NASTY] * 99}),
        setter("trainings", 0, "steps", to=-(10**18)),
        setter("trainings", 0, "steps", to=10**400),
        setter("trainings", 0, "repeats", to=[0.9, None, {"test_accuracy": 1e308, NASTY: 1}]),
        setter("seconds", to=1e308),
        setter("seconds", to=-math.inf),
        setter("values", "first_wrong", to="9" * 900),
        setter("values", "first_wrong", to=10**400),
        setter("values", "first_wrong", to=-1e308),
        setter("values", "boots", to=1e308),
        setter("values", "answers", to={NASTY: 1, "1d": NASTY, "1g": [[1]], "1h": {"a": 1}}),
        setter("values", "answers", to={"1d" * 5000: 1}),
        setter("arrays", "KxIA", "shape", to=[10**400]),
        setter("arrays", "KxIA", "file", to="../../result.json"),
        setter("arrays", "KxIA", "file", to="recording.json"),
        setter("arrays", "KxIA", "file", to="KxIA.npy\x00.npy"),
        setter("arrays", NASTY, to={"shape": [1], "dtype": "int8", "file": "KxIA.npy"}),
        setter("arrays", "x" * 9999, to={"shape": [1], "dtype": "int8"}),
    ],
)
def test_no_figure_and_no_text_breaks_a_check_or_a_page(
    bench: Bench, tmp_path: Path, edit: Edit
) -> None:
    result = edited(bench, tmp_path, edit)
    assert result.execution.status == "complete", result.execution.message
    assert broken(result) == []
    for name in ("feedback.html", "feedback.md", "index.html", "grades.csv"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not set("\x00\x1b\u202e\u2066") & set(text)
        assert "<script>alert" not in text or name.endswith(".md"), "in Markdown a block quotes it"


@pytest.mark.parametrize("value", [10**400, "x" * 10_001, [[[[[[1]]]]]], list(range(500))])
def test_a_value_too_large_is_no_answer_and_not_its_absence(tmp_path: Path, value: Any) -> None:
    found = read(tmp_path, {"values": {"first_wrong": value, "fine": 1}}).data.values
    assert found == {"first_wrong": "(a value that is too large to be kept)", "fine": 1}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_none_as_the_runner_writes_it(
    tmp_path: Path, value: float
) -> None:
    assert read(tmp_path, {"values": {"a": value}}).data.values == {"a": None}


@pytest.mark.parametrize(
    ("field", "item"),
    [
        ("trainings", GOOD.raw["trainings"][0]),
        ("networks", GOOD.raw["networks"][0]),
        ("cells", {"index": 0, "kind": "code", "source": ""}),
        ("outcomes", {"index": 0, "status": "ok"}),
    ],
)
def test_only_so_many_items_are_read(tmp_path: Path, field: str, item: dict[str, Any]) -> None:
    number = "index" if "index" in item else "id"
    items = [item | {number: i} for i in range(3000)]
    found = read(tmp_path, {field: items}).data
    most = {"trainings": 200, "networks": 300}.get(field, 2000)
    assert len(getattr(found, field)) == most
    assert found.cuts[0].startswith(f"Only {most:,} of 3,000 ")


# -- arrays ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        np.array([object()]),
        np.zeros(3, dtype="i1,i2"),
        np.zeros((5, 5), dtype=">f8"),
        np.zeros((5, 5), dtype="c16"),
        np.array(["text"]),
        np.array(5),
        np.zeros((1,) * 33) if int(np.__version__[0]) > 1 else b"",
        b"",
        b"\x93NUMPY\x03\x00" + b"\xff" * 4,
        npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2**62,), }"),
        npy("{'descr': '<i8', 'fortran_order': False, 'shape': (-1,), }"),
        npy("{'descr': '<i8', 'fortran_order': False, 'shape': (True,), }", bytes(8)),
        npy("{'descr': '<i8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"),
        npy("{'descr': '<i8', 'fortran_order': False, 'shape': (0, 1000000000000000000), }"),
        npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", bytes(8)),
        npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", bytes(16)),
        npy("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000,), }"),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"\x80\x04N."),
        npy("(" * 100),
    ],
    ids=lambda content: repr(content).partition(" at 0x")[0][:30],
)
def test_a_forged_array_is_an_error_of_its_own_check_alone(
    bench: Bench, tmp_path: Path, content: Any
) -> None:
    one = case()
    one.files["KxIA.npy"] = content
    result = graded(bench, tmp_path, one)
    assert check(result, "test_convolution[KxIA]").outcome is Outcome.ERROR
    assert broken(result) == []
    assert result.score == 16


@pytest.mark.parametrize(
    "content", [b"", np.zeros((10_000, 1)), np.zeros(9), np.zeros(200_000, "u1")]
)
def test_damaged_predictions_are_an_error_of_the_checks_that_compare_them(
    bench: Bench, tmp_path: Path, content: Any
) -> None:
    one = case()
    one.files["predicted.npy"] = content
    result = graded(bench, tmp_path, one)
    for name in ("test_predicted_boots", "test_first_wrong_boot"):
        assert check(result, name).outcome is Outcome.ERROR
    assert result.score == 17
    assert broken(result) == []


def test_all_arrays_together_are_bounded(tmp_path: Path) -> None:
    names = [f"a{i}" for i in range(40)]
    entry = {"shape": [1], "dtype": "uint8"}
    arrays = {name: entry | {"file": f"{name}.npy"} for name in names}
    one = Case({"arrays": arrays})
    one.write(tmp_path)
    np.save(tmp_path / RECORDING / "a0.npy", np.zeros(8_000_000, np.uint8))
    for name in names[1:]:
        content = (tmp_path / RECORDING / "a0.npy").read_bytes()
        (tmp_path / RECORDING / f"{name}.npy").write_bytes(content)
    found = RecordingFolder.open(tmp_path / RECORDING)
    with pytest.raises(RecordingError, match="too large together"):
        [found.array(name) for name in names]


# -- what nobody has thought of ---------------------------------------------------------------


def test_an_exception_in_the_checks_is_an_error_of_that_submission_alone(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LookupError(NASTY + "\ud800" + "x" * 10_000)

    monkeypatch.setattr("graders.grading.compose", fail)
    result = graded(bench, tmp_path, case())
    assert result.execution.status == "error"
    assert result.execution.message.startswith("The grader failed on this submission (LookupError:")
    assert len(result.execution.message) < 400
    assert result.execution.message.isprintable()


def test_to_check_again_goes_on_after_such_an_exception(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("alice", "mallory"):
        case().write(tmp_path / student)
        ran(of=info("", student)).save(tmp_path / student)
    compose = graders.grading.compose

    def fail(context: Any, of: SubmissionInfo, *others: Any) -> Result:
        if of.student == "alice":
            raise LookupError("no such thing")
        return compose(context, of, *others)

    monkeypatch.setattr("graders.grading.compose", fail)
    monkeypatch.setattr("graders.regrade.checker_for", lambda *_: bench.checker)
    done = regrade(tmp_path, None, Watcher())
    assert [one.result.execution.status for one in done.outcomes.graded] == ["error", "complete"]


def test_a_broken_assignment_still_ends_the_class(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssignmentError("the sheet")

    monkeypatch.setattr("graders.grading.verify_points", fail)
    case().write(tmp_path)
    with pytest.raises(AssignmentError):
        bench.grade(tmp_path)


# -- time -----------------------------------------------------------------------------------


def full() -> Case:
    """A recording at every cap."""
    one = case()
    network, training = one.raw["networks"][0], one.raw["trainings"][0]
    layers = [{"type": "Dense", "config": {"units": 1, "activation": "relu"}}] * 6
    deep_ = [{"type": "Dense", "config": {"units": 1}}] * 1000
    history = {name: [0.5, None] * 240 for name in ("accuracy", "val_accuracy", "loss", "x")}
    pixels = training["data"]
    one.raw |= {
        "cells": [
            {"index": i, "kind": "markdown", "source": "\n" * 500, "exercise": "1c"}
            for i in range(2000)
        ],
        "outcomes": [
            {
                "index": i,
                "status": "error",
                "error_type": "ValueError",
                "error_message": "Shape " * 1000,
                "traceback": "x" * 10_000,
            }
            for i in range(2000)
        ],
        "networks": [
            network | {"id": i, "model": i, "layers": deep_ if i < 60 else layers}
            for i in range(300)
        ],
        "trainings": [
            training | {"id": i, "network": i, "model": 1, "history": history} for i in range(200)
        ],
        "calls": [
            {
                "kind": "predict",
                "model": 1,
                "after_training": i % 200,
                "cell": 1,
                "data": pixels,
                "predictions": "predicted.npy",
            }
            for i in range(400)
        ],
        "values": {
            f"v{i}": {f"{i} {j} 1": "1" * (50 if i % 100 else 5000) for j in range(200)}
            for i in range(1000)
        },
    }
    one.files["predicted.npy"] = np.zeros(100_000, np.uint8)
    return one


def test_a_recording_at_every_cap_is_checked_in_seconds(bench: Bench, tmp_path: Path) -> None:
    one = full()
    one.write(tmp_path)
    started = time.process_time()
    result = bench.grade(tmp_path)
    assert result.execution.status == "complete", result.execution.message
    assert broken(result) == []
    assert time.process_time() - started < 300
