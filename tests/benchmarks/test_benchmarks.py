"""The one entry of the benchmarks; what they measure is left out, for it takes minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmarks
from benchmarks.__main__ import BENCHMARKS, Benchmark, main, print_tables
from benchmarks.bench import Bench, Missing, require
from benchmarks.tables import markdown, ratio
from benchmarks.work import short_cells, write_submission
from graders.submission import read_cells

FOLDER = Path(benchmarks.__file__).parent


class Still(Bench):
    """A machine that is measured without being used."""

    machine = "2 cores"

    def yardstick(self) -> float:
        return 4.0


@pytest.fixture
def bench(tmp_path: Path) -> Still:
    return Still(tmp_path)


def good(bench: Bench):
    yield {"way": "plain", "time": 8.0}
    yield {"way": "check", "time": 2.0}


def broken(bench: Bench):
    yield {"way": "plain", "time": 8.0}
    raise ValueError("no such luck")


def lacking(bench: Bench):
    require("a_package_that_nobody_has")
    yield {"way": "plain", "time": 8.0}


def of(*rows) -> dict[str, Benchmark]:
    return {one.__name__: Benchmark(one.__name__.title(), one, 1, 1) for one in rows}


def widths(table: str) -> set[int]:
    return {line.replace("\\|", "").count("|") for line in table.splitlines()}


def test_a_table_is_markdown_with_equally_many_columns():
    rows = [{"way": "a|b", "n": 3_000, "time": 1.5}, {"way": "c", "n": 0, "time": 1486.2}]

    table = markdown(rows, 3.0)

    assert table.splitlines() == [
        "| way | n | time |",
        "| --- | --- | --- |",
        "| a\\|b | 3,000 | 1.50 s (0.500 y) |",
        "| c | 0 | 1,486 s (495 y) |",
    ]
    assert widths(table) == {4}


def test_a_new_table_begins_where_the_columns_change():
    rows = [{"class": 3, "time": 1.0}, {"class": 30, "time": 2.0}, {"way": "again", "n": 1, "m": 2}]

    first, second = markdown(rows, 1.0).split("\n\n")

    assert widths(first) == {3}
    assert len(first.splitlines()) == 4
    assert widths(second) == {4}


def test_a_ratio_to_nothing_is_not_known():
    assert ratio(3.0, 2.0) == "x1.50"
    assert ratio(3.0, 0.0) == "not known"


def test_the_list_names_every_module_that_has_a_table(capsys):
    assert main(["--list"]) == 0

    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]]
    assert sorted(listed) == sorted(
        file.stem for file in FOLDER.glob("*.py") if "\ndef rows(" in file.read_text("utf-8")
    )
    assert listed == list(BENCHMARKS)


def test_an_unknown_table_is_refused_before_anything_is_measured(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["overhed"])

    assert stopped.value.code == 2
    assert "there is no table overhed" in capsys.readouterr().err


def test_a_failing_benchmark_does_not_stop_the_others(bench, capsys):
    assert print_tables(of(broken, good), bench) == ["broken"]

    printed = capsys.readouterr()
    assert "## Broken" in printed.out
    assert "Failed: ValueError" in printed.out
    assert "no such luck" in printed.err
    assert "| check | 2.00 s (0.500 y) |" in printed.out.partition("## Good")[2]


def test_a_failing_benchmark_makes_the_exit_status_non_zero(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.__main__.Bench", Still)
    monkeypatch.setattr("benchmarks.__main__.end_processes", lambda _: None)
    monkeypatch.setattr("benchmarks.__main__.signal.signal", lambda *_: None)
    monkeypatch.setattr("benchmarks.__main__.BENCHMARKS", of(good, broken))

    assert main(["good"]) == 0
    assert main([]) == 1
    assert "Failed: broken." in capsys.readouterr().err


def test_a_missing_package_is_one_sentence_and_no_failure(bench, capsys):
    assert print_tables(of(lacking, good), bench) == []

    lacks, _, goes_on = capsys.readouterr().out.partition("## Good")
    assert lacks.splitlines()[-2] == (
        "Not measured: a_package_that_nobody_has is not installed: pip install -e '.[bench]'."
    )
    assert "| plain | 8.00 s (2.00 y) |" in goes_on


def test_the_yardstick_of_a_table_is_the_median_of_before_and_after(bench, capsys, monkeypatch):
    times = iter([2.0, 6.0, 14.0])
    monkeypatch.setattr(Still, "yardstick", lambda _: next(times))

    print_tables(of(good) | {"again": Benchmark("Again", good, 1, 1)}, bench)

    first, second = capsys.readouterr().out.split("## Again")
    assert "2 cores. 1 y = 4.00 s (2.00 s before the table, 6.00 s after it)." in first
    assert "1 y = 10.0 s (6.00 s before the table, 14.0 s after it)." in second


def test_what_a_table_writes_is_removed_after_it(bench):
    def writes(bench: Bench):
        (bench.folder / "left").write_text("x")
        yield {"way": "plain"}

    print_tables(of(writes), bench)

    assert list(bench.root.iterdir()) == []


def test_missing_is_raised_for_an_absent_package_alone():
    require("numpy")
    with pytest.raises(Missing, match="is not installed"):
        require("numpy", "a_package_that_nobody_has")


@pytest.mark.parametrize("name", ["short.ipynb", "short.py"])
def test_the_short_submission_reads_as_it_was_written(name, tmp_path):
    file = write_submission(tmp_path / "new" / name, short_cells(500, 1))

    cells = read_cells(file.name, file.read_bytes())

    source = "\n".join(cell.source for cell in cells)
    assert "x[:500]" in source
    assert "epochs=1, batch_size=32" in source


def test_a_command_says_its_time_its_first_line_and_its_memory(tmp_path):
    code = "import time; print('one', flush=True); time.sleep(0.6); print('two')"

    run = Bench(tmp_path).python("-c", code, variables={})

    assert run.lines == ["one", "two"]
    assert 0 < run.first_line < run.seconds - 0.3
    assert 0 < run.memory <= run.memory_of_all
