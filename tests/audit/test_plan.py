from __future__ import annotations

import ast
import re
import shutil

import pytest

from graders.assignment import load_assignment
from graders.audit.plan import load_spec, make_plan
from graders.errors import AuditError


@pytest.fixture
def folder(sheet, tmp_path):
    return copy_of(sheet, tmp_path)


def copy_of(sheet, place):
    """Copy the assignment, to write another audit.toml into."""
    target = place / "fashion_cnn"
    shutil.copytree(sheet.folder, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def spec_with(folder, lines: str):
    (folder / "audit.toml").write_text(lines, encoding="utf-8")
    return load_assignment(folder)


HEAD = 'schema_version = 1\nsolution = "fashion_cnn.py"\nbar = 0.9\nresults = []\n'


def test_mutants_have_names_of_their_own_that_begin_with_their_exercise(plan):
    names = [mutant.id for mutant in plan.mutants]
    assert len(set(names)) == len(names) >= 80
    assert [m.id for m in plan.mutants if not m.id.startswith(f"{m.exercise}-")] == []
    assert [name for name in names if not re.fullmatch(r"[\w-]+", name)] == []


def test_every_mutant_is_python_that_differs_from_the_solution_and_from_the_others(plan):
    for mutant in plan.mutants:
        ast.parse(mutant.text)
        assert mutant.diff
    assert len({mutant.text for mutant in plan.mutants}) == len(plan.mutants)


def test_names_and_texts_are_the_same_in_every_run(sheet, plan):
    again = make_plan(sheet)
    assert [(m.id, m.text) for m in again.mutants] == [(m.id, m.text) for m in plan.mutants]
    assert [(v.id, v.text) for v in again.variants] == [(v.id, v.text) for v in plan.variants]


def test_every_automatic_exercise_has_a_mutant(sheet, plan):
    assert {m.exercise for m in plan.mutants} == {
        e.id for e in sheet.exercises if e.automatic_points
    }


def test_the_names_that_people_read_are_those_that_were_promised(plan):
    assert {"1c-units-10-to-12-first", "3a-filters-swapped"} <= {m.id for m in plan.mutants}


def test_samples_without_a_mistake_are_correct_variants(plan):
    samples = {one.id for one in plan.variants if one.id.startswith("sample-")}
    assert "sample-functional-one-hot" in samples
    assert "sample-hidden-20" not in samples


def test_a_fast_audit_leaves_out_what_only_an_accuracy_shows(plan):
    left = {m.id for m in plan.mutants} - {m.id for m in plan.structural().mutants}
    assert left == {m.id for m in plan.mutants if m.needs_accuracy} != set()


def test_a_part_of_a_name_selects(plan):
    chosen = plan.only("3c-")
    assert {m.exercise for m in chosen.mutants} == {"3c"}
    assert chosen.variants == []


def test_a_text_that_is_in_no_name_is_refused(plan):
    with pytest.raises(AuditError, match="'nonsense'"):
        plan.only("nonsense")


@pytest.fixture(scope="module")
def changed(sheet, tmp_path_factory):
    """The plan of a spec that leaves mutants out, and says where one of them loses."""
    folder = copy_of(sheet, tmp_path_factory.mktemp("changed"))
    return make_plan(
        spec_with(
            folder,
            HEAD
            + '[[left_out]]\nmutants = ["3c-*"]\nreason = "Not asked."\n'
            + '[[loses]]\nmutants = ["1f-epochs-3-to-1"]\nexercises = ["1f", "1h"]\n'
            + 'reason = "So."\n',
        )
    )


def test_what_is_left_out_is_counted_with_its_reason(changed):
    assert [m.id for m in changed.mutants if m.exercise == "3c"] == []
    assert list(changed.left_out) == ["Not asked."]


def test_a_mutant_may_be_told_to_lose_elsewhere(changed):
    expected = {m.id: m.expected for m in changed.mutants}
    assert expected["1f-epochs-3-to-1"] == {"1f", "1h"}
    assert expected["1f-epochs-3-to-6"] == {"1f"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("schema_version = ", "it is not TOML"),
        ("schema_version = 1", "solution: Field required"),
        (HEAD.replace("0.9", "1.5"), "bar"),
        (HEAD + "extra = 1", "extra"),
        (HEAD.replace("fashion_cnn.py", "missing.py"), "reference/solutions/missing.py"),
        (HEAD + 'needs_accuracy = ["9z-*"]', "'9z-*'"),
        (HEAD + '[[loses]]\nmutants=["1f-*"]\nexercises=["9z"]\nreason="x"', "no exercise 9z"),
        (HEAD + '[[explained]]\nmutants=["1f-*"]\nreason=""', "explained.0.reason"),
    ],
)
def test_an_unusable_spec_is_refused_with_what_is_wrong(folder, lines, words):
    with pytest.raises(AuditError, match=re.escape(words)):
        make_plan(spec_with(folder, lines))


def test_an_assignment_without_a_spec_says_so(folder):
    (folder / "audit.toml").unlink()
    with pytest.raises(AuditError, match=r"fashion_cnn has no audit\.toml"):
        load_spec(load_assignment(folder))
