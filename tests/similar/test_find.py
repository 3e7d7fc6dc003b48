"""Copies are found among a class, and honest students are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from graders.similar import Fingerprint, find_similar, fingerprint, starter_of
from tests.builders.copies import cells_of, disguised, honest, taken, written

SAMPLES = Path(__file__).parents[2] / "assignments" / "fashion_cnn"


def edited(sources: list[str], cells: int) -> list[str]:
    """A copy whose first cells are one's own."""
    return [*written(10_000)[:cells], *sources[cells:]]


def code_of(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("size", [2, 5, 30, 300])
def test_students_who_work_on_their_own_are_never_named(size: int) -> None:
    assert find_similar(honest(size), {}) == []


@pytest.mark.parametrize("size", [1, 4, 30, 300])
def test_a_disguised_copy_is_found_in_a_class_of_any_size(size: int) -> None:
    prints = honest(size) | {"name:copy": taken(disguised(written(0)))}

    (found,) = find_similar(prints, {})

    assert found.students == ("name:0000", "name:copy")
    assert (found.kind, found.share) == ("code", 1.0)


def test_an_edited_copy_is_found_with_its_share() -> None:
    copy = edited(written(0, cells=40), 1)
    prints = honest(30, first=1) | {"a": taken(written(0, cells=40)), "b": taken(copy)}

    (found,) = find_similar(prints, {})

    assert found.students == ("a", "b")
    assert 0.9 < found.share < 1.0
    assert f"{found.share:.0%}" in found.note


def test_half_a_copy_is_left_to_the_person_who_reads_it() -> None:
    prints = honest(30) | {"name:copy": taken(edited(written(0), 6))}

    assert find_similar(prints, {}) == []


def test_what_a_fifth_of_the_class_has_counts_for_nobody() -> None:
    shared = written(0, cells=50)
    prints = honest(80, first=1)
    prints |= {f"s{n}": taken([*shared, *written(n, cells=2)]) for n in range(100, 120)}

    assert find_similar(prints, {}) == []


def test_a_rare_part_in_common_is_no_copy_of_the_whole() -> None:
    styles = [written(seed, cells=20) for seed in (0, 1)]
    prints = {f"s{n}": taken([*styles[n % 2], *written(n, cells=2)]) for n in range(100, 130)}
    prints |= {f"{n}": taken([*styles[n], *written(2, cells=2)]) for n in range(2)}

    assert find_similar(prints, {}) == []


def test_a_large_group_with_the_same_code_is_found_nevertheless() -> None:
    prints = honest(30, first=1)
    prints |= {f"copy:{n:02}": taken(disguised(written(0), seed=n)) for n in range(25)}

    (found,) = find_similar(prints, {})

    assert len(found.students) == 25


def test_a_few_lines_in_common_are_nobodys_fault() -> None:
    short = taken(["x = layers.Dense(10)(y)\nx = x.reshape(-1, 784) / 255"])

    assert find_similar({"a": short, "b": short}, {}) == []


def test_an_untouched_starter_is_no_copy() -> None:
    starter = starter_of(cells_of(*written(0)))
    untouched = fingerprint(cells_of(*written(0)), starter, file="f" * 64)

    assert find_similar({"a": untouched, "b": untouched}, {}) == []


def test_copies_of_copies_are_one_group() -> None:
    one = written(0, cells=60)
    two = edited(one, 1)
    three = [*two[:-1], *written(20_000)[:1]]
    prints = {"a": taken(one), "b": taken(two), "c": taken(three)}

    (found,) = find_similar(honest(30, first=1) | prints, {})

    assert found.students == ("a", "b", "c")
    assert "not all with all" in found.note


def test_files_that_are_the_same_byte_for_byte_are_said_to_be() -> None:
    file = taken(written(0), file="f" * 64)

    (found,) = find_similar({"a": file, "b": file}, {})

    assert "Their files are the same byte for byte" in found.note


def test_of_a_group_with_one_other_file_only_the_same_are_said_to_be() -> None:
    file = taken(written(0), file="f" * 64)
    prints = {"a": file, "b": file, "c": replace(file, file="0" * 64)}

    (found,) = find_similar(prints, {})

    assert "The files of 2 of them are the same byte for byte" in found.note


def test_files_that_differ_are_not_said_to_be_the_same() -> None:
    one = taken(written(0), file="f" * 64)

    (found,) = find_similar({"a": one, "b": replace(one, file="0" * 64)}, {})

    assert "byte for byte" not in found.note


def test_the_order_of_the_students_does_not_matter() -> None:
    prints = honest(10) | {f"copy:{n}": taken(disguised(written(n))) for n in range(3)}
    weights = {"name:0005": ["own:1"], "name:0003": ["own:1"]}
    backwards = dict(reversed(prints.items()))

    found = find_similar(prints, weights)

    assert len(found) == 4
    assert found == find_similar(backwards, dict(reversed(weights.items())))


def test_no_more_than_fifty_groups_are_named() -> None:
    prints = honest(120)
    prints |= {f"copy:{n:03}": taken(disguised(written(n))) for n in range(60)}

    assert len(find_similar(prints, {})) == 50


def test_the_largest_share_comes_first_whatever_its_kind() -> None:
    prints = honest(30, first=1) | {"a": taken(written(0, cells=40))}
    prints["b"] = taken(edited(written(0, cells=40), 1))

    found = find_similar(prints, {"c": ["own:1"], "d": ["own:1"]})

    assert [group.kind for group in found] == ["weights", "code"]


def test_only_pairs_with_much_in_common_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    monkeypatch.setattr(
        "graders.similar.find._contained", lambda *pair: looked_at.append(pair) or 0.0
    )
    rng = Random(1)
    pool = [rng.getrandbits(60) for _ in range(20_000)]
    prints = {
        f"s{n:04}": Fingerprint(tuple(sorted(rng.sample(pool, 300))), str(n)) for n in range(3000)
    }

    assert find_similar(prints, {}) == []
    assert looked_at == []


def test_the_same_own_weights_are_found() -> None:
    weights = {"a": ["given:1", "own:2"], "b": ["given:1"], "c": ["own:3"], "d": []}

    (found,) = find_similar({}, weights)

    assert (found.kind, found.students, found.share) == ("weights", ("a", "b"), 1.0)


def test_weights_that_many_have_were_given_to_them() -> None:
    weights = {f"s{n}": ["given:1"] for n in range(5)}

    assert find_similar({}, weights) == []


def test_the_weights_of_one_file_are_one_however_often_it_was_handed_in() -> None:
    file = Fingerprint(file="f" * 64)
    students = [f"s{n}" for n in range(8)]

    (found,) = find_similar(dict.fromkeys(students, file), {key: ["own:1"] for key in students})

    assert found.students == tuple(students)


@pytest.mark.parametrize("name", ["full_marks", "functional_one_hot", "hidden_20"])
def test_a_disguised_sample_is_found(name: str) -> None:
    starter = starter_of(cells_of(*code_of(SAMPLES / "starter.ipynb")))
    sources = code_of(SAMPLES / "samples" / f"{name}.ipynb")
    prints = {"a": fingerprint(cells_of(*sources), starter)}
    prints["b"] = fingerprint(cells_of(*disguised(sources)), starter)

    (found,) = find_similar(prints, {})

    assert (found.students, found.share) == (("a", "b"), 1.0)
