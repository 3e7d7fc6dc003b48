from __future__ import annotations

import pytest

from graders.audit.outcome import Row, Share, mutant_row, states_of, status_of, variant_row
from graders.result import Outcome
from tests.builders.audits import FULL, audit, audited, mutant, variant


def row_of(outcomes, expected=("1b",), status="complete"):
    made = audited(FULL | outcomes, status)
    return mutant_row("1b-x", "", "1b", frozenset(expected), made, diff="-x", explanation="Why.")


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ({"1b": Outcome.FAILED}, "caught"),
        ({"1b": Outcome.NOT_ATTEMPTED}, "caught"),
        ({"1b": Outcome.FAILED, "2a": Outcome.FAILED}, "spilled"),
        ({"1b": Outcome.FAILED, "2a": Outcome.ERROR}, "caught"),
        ({}, "survived"),
        ({"2a": Outcome.FAILED}, "survived"),
        ({"1b": Outcome.ERROR}, "open"),
        ({"1b": Outcome.ERROR, "2a": Outcome.FAILED}, "open"),
    ],
)
def test_a_mutant_is_caught_only_where_the_expected_exercise_alone_loses(outcomes, status):
    assert row_of(outcomes).status == status


def test_of_two_expected_exercises_one_is_not_enough():
    assert row_of({"1b": Outcome.FAILED}, expected=("1b", "2a")).status == "survived"
    assert status_of(frozenset({"1b", "2a"}), {"1b": "lost", "2a": "open"}) == "open"


def test_a_mutant_that_the_grader_failed_on_is_open():
    assert row_of({"1b": Outcome.FAILED}, status="error").status == "open"


def test_what_is_kept_because_of_an_earlier_mistake_is_not_lost():
    made = audited(FULL | {"1b": Outcome.FAILED})
    made.exercises[1].checks[0].score = 1.0
    assert states_of(made.exercises)["1b"] == "kept"


def test_only_what_is_not_right_carries_a_diff_messages_and_an_explanation():
    wrong, right = row_of({}), row_of({"1b": Outcome.FAILED})
    assert (wrong.diff, wrong.explanation) == ("-x", "Why.")
    assert (right.diff, right.explanation, right.findings) == ("", "", [])
    spilled = row_of({"1b": Outcome.FAILED, "2a": Outcome.FAILED})
    assert [finding.message for finding in spilled.findings] == ["1b is wrong.", "2a is wrong."]


@pytest.mark.parametrize(
    ("outcomes", "status", "pending", "expected"),
    [
        ({}, "complete", 1.0, "kept"),
        ({"1b": Outcome.FAILED}, "complete", 1.0, "lost"),
        ({"1b": Outcome.ERROR}, "complete", 2.0, "open"),
        ({}, "complete", 2.0, "open"),
        ({}, "timeout", 1.0, "open"),
    ],
)
def test_a_variant_is_kept_only_with_full_points_and_nothing_open(
    outcomes, status, pending, expected
):
    assert variant_row("v", "", audited(FULL | outcomes, status, pending)).status == expected


# Clopper and Pearson's interval, from the beta distribution: for k = n it is (0.025 ** (1 / n), 1).
@pytest.mark.parametrize("rows", [1, 20, 97])
def test_a_whole_share_has_the_interval_of_clopper_and_pearson(rows):
    share = Share.of_rows([variant(f"v{n}") for n in range(rows)])
    assert (share.low, share.high) == (pytest.approx(0.025 ** (1 / rows)), 1.0)


def test_a_share_in_between_has_the_interval_of_the_tables():
    rows = [mutant(f"m{n}", "caught" if n < 8 else "survived") for n in range(10)]
    share = Share.of_rows(rows)
    assert (share.right, share.of, share.share) == (8, 10, 0.8)
    assert (round(share.low, 4), round(share.high, 4)) == (0.4439, 0.9748)


def test_of_nothing_nothing_is_known():
    share = Share.of_rows([])
    assert (share.share, share.low, share.high) == (1.0, 0.0, 1.0)


CAUGHT = [mutant(f"m{n}") for n in range(9)]
EXPLAINED = mutant("odd", "survived", "The sheet leaves it open.")


@pytest.mark.parametrize(
    ("variants", "mutants", "bar", "passed"),
    [
        ([variant("v")], CAUGHT, 1.0, True),
        ([variant("v")], [*CAUGHT, EXPLAINED], 0.9, True),
        ([variant("v")], [*CAUGHT, EXPLAINED], 0.91, False),
        ([variant("v")], [*CAUGHT, mutant("odd", "survived")], 0.5, False),
        ([variant("v"), variant("w", "lost")], CAUGHT, 0.5, False),
        ([], CAUGHT, 1.0, True),
    ],
)
def test_a_grader_passes_where_enough_is_caught_and_the_rest_explained(
    variants, mutants, bar, passed
):
    assert audit(variants, mutants, bar).passed is passed


def test_a_variant_that_is_not_kept_can_not_be_explained_away():
    lost = variant("v", "lost").model_copy(update={"explanation": "Never mind."})
    assert not audit([lost], CAUGHT).passed


def test_findings_survive_the_way_to_disk_and_back():
    found = audit([variant("v")], [mutant("m", "spilled")])
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_lost_exercises_are_listed_in_the_order_of_the_sheet():
    row = Row(id="m", about="", status="spilled", states={"1a": "lost", "1b": "kept", "2a": "lost"})
    assert row.lost == ["1a", "2a"]
