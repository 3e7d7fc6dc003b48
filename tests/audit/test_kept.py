"""The findings that are kept with the code."""

from __future__ import annotations

import pytest

from graders.audit.outcome import Audit
from graders.audit.report import saved_path


@pytest.fixture(scope="module")
def kept() -> Audit:
    return Audit.model_validate_json(saved_path("fashion_cnn").read_text(encoding="utf-8"))


def test_every_correct_variant_keeps_its_points(kept):
    assert [row.id for row in kept.variants if row.status != "kept"] == []


def test_enough_mutants_are_caught_and_every_other_one_is_explained(kept):
    assert kept.caught.share >= 0.97
    assert kept.passed


def test_they_were_found_on_real_data_with_whole_trainings(kept):
    assert kept.conditions.training == "full"
    assert not kept.conditions.structural
    assert all("built-in" not in source for source in kept.conditions.data_sets.values())


def test_they_are_of_the_variants_and_mutants_that_are_made_now(kept, plan):
    assert [row.id for row in kept.variants] == [one.id for one in plan.variants]
    assert [row.id for row in kept.mutants] == [one.id for one in plan.mutants]
