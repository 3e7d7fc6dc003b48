"""What checks report becomes results: small sheets of checks, run by pytest in the same way."""

from __future__ import annotations

import contextvars
import textwrap

import pytest

from graders.checks import outcome, plugin
from graders.checks.collect import Collector
from graders.result import CheckResult, Outcome, TrainingEvidence

HEADER = """
import pytest
from graders.checks import *
from graders.checks.outcome import attach, flag
from graders.result import TrainingEvidence
"""


class _HandOver:
    def __init__(self, collector: Collector, drop: str) -> None:
        self._collector = collector
        self._drop = drop

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[plugin.COLLECTOR] = self._collector

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Lose a check after all were registered, as a crash would."""
        items[:] = [item for item in items if item.name != self._drop]


@pytest.fixture
def sheet(tmp_path, request):
    """Run checks given as text, and return their results by function name."""

    def run(source: str, *, drop: str = "") -> dict[str, CheckResult]:
        name = "sheet_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
        path = tmp_path / f"test_{name}.py"
        path.write_text(HEADER + textwrap.dedent(source), encoding="utf-8")
        collector = Collector()
        pytest.main(
            [
                str(path),
                f"--rootdir={tmp_path}",
                "--config-file=/dev/null",
                "--import-mode=importlib",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:terminal",
                # As a run of the checks has it: they collect garbage at its end.
                "-p",
                "no:unraisableexception",
                "-p",
                "no:threadexception",
            ],
            plugins=[_HandOver(collector, drop)],
        )
        return {result.id.split("::")[1]: result for result in collector.results()}

    return run


def only(results: dict[str, CheckResult]) -> CheckResult:
    (result,) = results.values()
    return result


# -- every outcome --------------------------------------------------------------------------


def test_a_check_that_returns_has_passed_with_all_its_points(sheet):
    result = only(
        sheet('''
        @exercise("1c", points=2)
        def test_layers():
            """The layers are right.

            More for authors.
            """
        ''')
    )
    assert (result.outcome, result.score, result.points) == (Outcome.PASSED, 2, 2)
    assert (result.exercise, result.title) == ("1c", "The layers are right.")
    assert result.message == ""


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        ("CheckFailed", Outcome.FAILED),
        ("NotAttempted", Outcome.NOT_ATTEMPTED),
        ("Blocked", Outcome.BLOCKED),
        ("Unscored", Outcome.UNSCORED),
    ],
)
def test_each_word_of_a_check_is_an_outcome(sheet, raised, outcome):
    result = only(
        sheet(f'''
        @exercise("1c", points=2)
        def test_layers():
            """The layers."""
            raise {raised}("It is so.", expected="a", found="b", where="cell 3", hint="try c")
        ''')
    )
    assert (result.outcome, result.score) == (outcome, 0)
    assert (result.message, result.expected, result.found, result.where, result.hint) == (
        "It is so.",
        "a",
        "b",
        "cell 3",
        "try c",
    )


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("assert 1 == 2", "AssertionError"),
        ("pytest.skip('no')", "Skipped"),
        ("raise SystemExit(0)", "SystemExit"),
        ("pytest.fail('no')", "Failed"),
    ],
)
def test_a_check_that_breaks_is_the_graders_error_and_never_a_zero_by_fault(
    sheet, statement, words
):
    result = only(
        sheet(f'''
        @exercise("1c", points=2)
        def test_layers():
            """The layers."""
            {statement}
        ''')
    )
    assert result.outcome is Outcome.ERROR
    assert words in result.message
    assert "grader's fault" in result.message


def test_a_check_whose_fixture_breaks_is_an_error(sheet):
    result = only(
        sheet('''
        @pytest.fixture
        def network():
            raise RuntimeError("broken")

        @exercise("1c", points=2)
        def test_layers(network):
            """The layers."""
        ''')
    )
    assert result.outcome is Outcome.ERROR
    assert "broken" in result.message


def test_a_fixture_may_speak_for_the_check(sheet):
    result = only(
        sheet('''
        @pytest.fixture
        def network():
            raise NotAttempted("No network was found.")

        @exercise("1c", points=2)
        def test_layers(network):
            """The layers."""
        ''')
    )
    assert (result.outcome, result.message) == (Outcome.NOT_ATTEMPTED, "No network was found.")


def test_a_check_that_breaks_while_clearing_up_has_not_passed(sheet):
    result = only(
        sheet('''
        @pytest.fixture
        def network():
            yield 1
            raise RuntimeError("broken")

        @exercise("1c", points=2)
        def test_layers(network):
            """The layers."""
        ''')
    )
    assert (result.outcome, result.score) == (Outcome.ERROR, 0)


def test_a_check_that_never_reports_is_an_error(sheet):
    results = sheet(
        '''
        @exercise("1c", points=2)
        def test_layers():
            """The layers."""

        @exercise("1d", points=1)
        def test_parameters():
            """The parameters."""
        ''',
        drop="test_layers",
    )
    assert results["test_layers"].outcome is Outcome.ERROR
    assert "did not report" in results["test_layers"].message
    assert results["test_parameters"].outcome is Outcome.PASSED


def test_a_run_that_stops_half_way_leaves_the_rest_as_errors(sheet):
    results = sheet('''
        @exercise("1c", points=1)
        def test_first():
            """One."""
            pytest.exit("stop")

        @exercise("1d", points=1)
        def test_second():
            """Two."""
    ''')
    assert {name: result.outcome for name, result in results.items()} == {
        "test_first": Outcome.ERROR,
        "test_second": Outcome.ERROR,
    }


def test_a_test_without_an_exercise_gives_no_result(sheet):
    assert sheet("def test_helper():\n    assert True\n") == {}


def test_cases_of_a_check_each_have_their_points_and_their_name(sheet):
    results = sheet('''
        @exercise("2a", points=1)
        @pytest.mark.parametrize("name", ["KxIA", "KyIA"])
        def test_convolution(name):
            """The convolution is right."""
            if name == "KyIA":
                raise CheckFailed("Wrong.")
    ''')
    assert [(r.title, r.score, r.points) for r in results.values()] == [
        ("The convolution is right. (KxIA)", 1, 1),
        ("The convolution is right. (KyIA)", 0, 1),
    ]


def test_a_check_without_words_is_called_by_its_name(sheet):
    result = only(sheet('@exercise("1c", points=1)\ndef test_layers():\n    pass\n'))
    assert result.title == "test_layers"


def test_a_hidden_check_is_marked(sheet):
    results = sheet('''
        @exercise("1c", points=1, hidden=True)
        def test_hidden():
            """One."""

        @exercise("1c", points=1)
        def test_open():
            """Two."""
    ''')
    assert (results["test_hidden"].hidden, results["test_open"].hidden) == (True, False)


@pytest.mark.parametrize(
    ("points", "credit", "score"),
    [
        (1, 0.5, 0.50),
        (1, 0.509, 0.50),
        (4, 0.25, 1.00),
        (2, 0.3333333, 0.66),
        (3, 0.999, 2.99),
        (1, 1.0, 0.99),
        (1, 0.9999999999, 0.99),
        (1, 0.001, 0.0),
        (1, 0.0, 0.0),
    ],
)
def test_part_of_the_points_is_rounded_down_to_hundredths_and_never_all(
    sheet, points, credit, score
):
    result = only(
        sheet(f"""
        @exercise("1f", points={points})
        def test_accuracy():
            raise CheckFailed("It is too low.", credit={credit})
        """)
    )
    assert result.outcome is Outcome.FAILED
    assert result.score == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize("credit", ["nan", "-inf", "inf", "-1", "7"])
def test_a_credit_that_is_no_share_earns_nothing(sheet, credit):
    result = only(
        sheet(f"""
        @exercise("1f", points=1)
        def test_accuracy():
            raise CheckFailed("It diverged.", credit=float("{credit}"))
        """)
    )
    assert (result.outcome, result.score) == (Outcome.FAILED, 0)


def test_a_failure_with_part_of_its_points_that_was_paid_elsewhere_keeps_them_all(sheet):
    results = sheet("""
        @exercise("1b", points=1)
        def test_scaling():
            raise CheckFailed("The pixels are not scaled.")

        @exercise("1f", points=2)
        def test_accuracy():
            raise CheckFailed("It is too low.", credit=0.3, follows_from=("1b",))
        """)
    assert results["test_accuracy"].score == 2


@pytest.mark.parametrize("end", ["pass", 'raise CheckFailed("No.")', "1 / 0"])
def test_a_flag_is_kept_however_its_check_ends(sheet, end):
    result = only(
        sheet(f"""
        @exercise("1f", points=1)
        def test_accuracy():
            flag("That is too good.")
            {end}
        """)
    )
    assert result.flag == "That is too good."


def test_a_flag_takes_no_points(sheet):
    result = only(
        sheet("""
        @exercise("1f", points=1)
        def test_accuracy():
            flag("That is too good.")
        """)
    )
    assert (result.outcome, result.score) == (Outcome.PASSED, 1)


def test_a_flag_belongs_to_the_check_that_asked_for_it(sheet):
    results = sheet("""
        @exercise("1f", points=1)
        def test_before():
            pass

        @exercise("1f", points=1)
        def test_flagged():
            flag("That is too good.")

        @exercise("1f", points=1)
        def test_after():
            pass
        """)
    assert [result.flag for result in results.values()] == ["", "That is too good.", ""]


def test_outside_of_any_check_a_flag_and_evidence_go_nowhere():
    context = contextvars.Context()
    context.run(outcome.flag, "Look.")
    context.run(outcome.attach, TrainingEvidence(training=1))
    notes = context.run(outcome.begin_notes)
    assert notes == outcome.Notes()


def test_evidence_belongs_to_the_check_that_attached_it(sheet):
    results = sheet('''
        @exercise("1c", points=1)
        def test_first():
            """One."""
            attach(TrainingEvidence(training=1))
            attach(TrainingEvidence(training=1))

        @exercise("1c", points=1)
        def test_second():
            """Two."""
            attach(TrainingEvidence(training=2))
            raise CheckFailed("Wrong.")

        @exercise("1c", points=1)
        def test_third():
            """Three."""
    ''')
    assert [result.evidence for result in results.values()] == [
        [TrainingEvidence(training=1)],
        [TrainingEvidence(training=2)],
        [],
    ]


# -- one mistake costs once -----------------------------------------------------------------


def test_a_failure_that_follows_from_lost_points_keeps_its_own(sheet):
    results = sheet('''
        @exercise("1c", points=1)
        def test_layers():
            """One."""
            raise CheckFailed("20 units.")

        @exercise("1g", points=2)
        def test_slow():
            """Two."""
            raise CheckFailed("20 units again.", follows_from=("1c",))
    ''')
    assert (results["test_layers"].outcome, results["test_layers"].score) == (Outcome.FAILED, 0)
    slow = results["test_slow"]
    assert (slow.outcome, slow.score, slow.follows_from) == (Outcome.FAILED, 2, "1c")
    assert slow.message == "20 units again."


def test_a_failure_that_follows_from_nothing_lost_is_a_failure(sheet):
    results = sheet('''
        @exercise("1c", points=1)
        def test_layers():
            """One."""

        @exercise("1g", points=2)
        def test_slow():
            """Two."""
            raise CheckFailed("20 units.", follows_from=("1c", "9z"))
    ''')
    assert results["test_slow"].outcome is Outcome.FAILED
    assert results["test_slow"].follows_from is None


@pytest.mark.parametrize(
    ("raised", "score"),
    [("NotAttempted", 2), ("CheckFailed", 2), ("Unscored", 0)],
)
def test_only_lost_points_pay_for_a_mistake(sheet, raised, score):
    results = sheet(f'''
        @exercise("1c", points=1)
        def test_layers():
            """One."""
            raise {raised}("No.")

        @exercise("1g", points=2)
        def test_slow():
            """Two."""
            raise CheckFailed("So.", follows_from=("1c",))
    ''')
    assert results["test_slow"].score == score


def test_the_mistake_may_have_been_paid_by_a_check_that_comes_later(sheet):
    results = sheet('''
        @exercise("1b", points=1)
        def test_first():
            """One."""
            raise CheckFailed("So.", follows_from=("1c",))

        @exercise("1c", points=1)
        def test_second():
            """Two."""
            raise CheckFailed("No.")
    ''')
    assert results["test_first"].score == 1


def test_the_second_of_two_explanations_may_have_paid(sheet):
    results = sheet('''
        @exercise("1b", points=1)
        def test_scaling():
            """One."""

        @exercise("1c", points=1)
        def test_layers():
            """Two."""
            raise CheckFailed("No.")

        @exercise("1f", points=1)
        def test_accuracy():
            """Three."""
            raise CheckFailed("Low.", follows_from=("1b", "1c"))
    ''')
    assert results["test_accuracy"].follows_from == "1c"


def test_a_chain_of_consequences_costs_once(sheet):
    results = sheet('''
        @exercise("3a", points=1)
        def test_cnn():
            """One."""
            raise CheckFailed("Swapped.")

        @exercise("4a", points=1)
        def test_strided():
            """Two."""
            raise CheckFailed("Swapped.", follows_from=("3a",))

        @exercise("4b", points=1)
        def test_adam():
            """Three."""
            raise CheckFailed("Swapped.", follows_from=("4a",))
    ''')
    assert [result.score for result in results.values()] == [0, 1, 1]


def test_two_failures_cannot_excuse_each_other(sheet):
    results = sheet('''
        @exercise("1c", points=1)
        def test_first():
            """One."""
            raise CheckFailed("No.", follows_from=("1d",))

        @exercise("1d", points=1)
        def test_second():
            """Two."""
            raise CheckFailed("No.", follows_from=("1c",))
    ''')
    assert sum(result.score for result in results.values()) == 1


def test_a_failure_cannot_excuse_itself(sheet):
    result = only(
        sheet('''
        @exercise("1c", points=1)
        def test_layers():
            """One."""
            raise CheckFailed("No.", follows_from=("1c",))
        ''')
    )
    assert result.outcome is Outcome.FAILED


def test_another_check_of_the_same_exercise_may_have_paid(sheet):
    results = sheet('''
        @exercise("1j", points=1)
        def test_boots():
            """One."""
            raise CheckFailed("No.")

        @exercise("1j", points=1)
        def test_first_wrong():
            """Two."""
            raise CheckFailed("No.", follows_from=("1j",))
    ''')
    assert [result.score for result in results.values()] == [0, 1]
