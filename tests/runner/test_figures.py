"""Real plotting code in real processes: what is recorded of each figure."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.sandbox

# Each cell draws in another way; all run in one process, which keeps these tests quick.
WAYS = {
    "plain": """
import matplotlib.pyplot as plt, numpy as np, pandas as pd, seaborn as sns
plt.plot([1, 2], [.5, .7], label='SGD'); plt.plot([1, 2], [.6, .8], label='Adam')
plt.xlabel('epoch'); plt.ylabel('accuracy'); plt.title('Optimizers'); plt.legend(); plt.show()
""",
    "legend by list": """
plt.plot([1, 2], [.5, .7]); plt.plot([1, 2], [.6, .8], '--'); plt.legend(['a', 'b'])
""",
    "all alike": """
plt.plot([1, 2], [.5, .7], 'k'); plt.plot([1, 2], [.6, .8], 'k'); plt.legend(['a', 'b'])
""",
    "subplots": """
fig, axes = plt.subplots(2, 1, sharex=True)
for ax, rate in zip(axes, (.1, .01)):
    ax.plot([.5, .7]); ax.set_title(f'lr={rate}')
axes[1].set_xlabel('epoch'); fig.suptitle('Rates'); fig.supylabel('accuracy')
""",
    "pandas": """
pd.DataFrame({'train': [.5, .7], 'test': [.4, np.nan]},
             index=pd.Index([1000, 60000], name='items')).plot(logx=True, style='o-')
""",
    "pandas bars": """
pd.DataFrame({'train': [.5, .7], 'test': [.4, .6]}, index=[1000, 60000]).plot.bar()
""",
    "seaborn": """
frame = pd.DataFrame({'epoch': [1, 2] * 2, 'accuracy': [.5, .7, .6, .8], 'rate': list('aabb')})
sns.lineplot(frame, x='epoch', y='accuracy', hue='rate')
plt.figure(); sns.scatterplot(frame, x='epoch', y='accuracy', hue='rate')
""",
    "strings": """
plt.plot(['1000', '60000'], [.5, .7], 'o-'); plt.semilogy()
plt.annotate('best', (1, .7)); plt.figure()
plt.plot([.5, .7]); plt.xticks(range(2), ['1k', '60k'])
""",
    "bars": """
for n, acc in ((1000, .5), (60000, .7)):
    plt.bar(str(n), acc)
plt.figure(); plt.barh(['a', 'b'], [.5, .7], label='x')
""",
    "scatter": """
for n, acc in ((1000, .5), (60000, .7)):
    plt.scatter(n, acc, label=f'{n} items')
plt.xscale('log'); plt.legend()
""",
    "error bars": """
plt.errorbar([1, 2], [.5, .7], yerr=.1, capsize=3, label='mean'); plt.axhline(.5, ls=':')
plt.figure(); plt.stem([1, 2], [.5, .7])
""",
    "twins": """
fig, left = plt.subplots(); right = left.twinx()
left.plot([.5, .7], label='accuracy'); right.plot([2, 1], 'r', label='loss')
left.set_xlabel('epoch'); fig.legend()
""",
    "saved and closed": """
for k in range(2):
    fig = plt.figure(); plt.plot([k, .7]); fig.savefig(f'{k}.png'); plt.close(fig)
plt.plot([2, .7]); plt.close(); plt.plot([3, .7]); plt.clf(); plt.plot([4, .7])
""",
    "without pyplot": """
from matplotlib.figure import Figure
fig = Figure(); ax = fig.subplots(); ax.plot([.5, .7]); fig.savefig('own.png')
ax.plot([.6, .8]); fig.savefig('own.pdf')
""",
    "shown and saved": """
fig, ax = plt.subplots(); ax.plot([.5, .7]); plt.savefig('a.png'); plt.show(); fig.savefig('b.png')
""",
    "hostile": """
armed = False
class Bad(Figure):
    @property
    def axes(self):
        if armed: raise SystemExit
        return super().axes
    def get_suptitle(self): raise KeyboardInterrupt
class Line(plt.Line2D):
    def get_label(self):
        if armed: raise SystemExit
        return 'x'
bad = plt.figure(FigureClass=Bad); bad.add_subplot().plot([1])
fig, ax = plt.subplots(); ax.add_line(Line([0, 1], [0, 1])); ax.plot([0, 1], [.5, float('nan')])
armed = True
ax.set_title('half \\ud800')
done = True
""",
    "nothing": "plt.figure(); plt.show(); plt.close('all'); plt.close(99); plt.close()",
}


@pytest.fixture(scope="module")
def drawn(sandbox, served, tmp_path_factory):
    """The figures of every way, from one run of all of them."""
    from graders.recording import RecordingFolder
    from graders.recording.schema import Limits
    from tests.conftest import job_for

    folder = tmp_path_factory.mktemp("figures") / "recording"
    source = "\n".join(f"# %%\n{code}" for code in WAYS.values())
    sandbox.run(job_for(source, "work.py", served, Limits(seconds=120)), folder)
    data = RecordingFolder.open(folder).data
    errors = [(list(WAYS)[o.index], o.error_message) for o in data.outcomes if o.status != "ok"]
    assert errors == []
    by_way = {name: [f for f in data.figures if f.cell == i] for i, name in enumerate(WAYS)}
    return by_way | {"values": data.values}


def curves(figure, axes=0):
    return [(line.label, line.kind, line.x, line.y) for line in figure.axes[axes].lines]


def test_lines_labels_and_legend_of_pyplot_are_recorded(drawn):
    (figure,) = drawn["plain"]
    (axes,) = figure.axes
    assert curves(figure) == [
        ("SGD", "line", [1, 2], [0.5, 0.7]),
        ("Adam", "line", [1, 2], [0.6, 0.8]),
    ]
    assert (axes.xlabel, axes.ylabel, axes.title) == ("epoch", "accuracy", "Optimizers")
    assert axes.legend == ["SGD", "Adam"]


@pytest.mark.parametrize("way", ["legend by list", "all alike"])
def test_a_legend_that_was_given_as_a_list_names_the_lines(drawn, way):
    (figure,) = drawn[way]
    assert [line.label for line in figure.axes[0].lines] == ["a", "b"]


def test_subplots_share_the_label_at_the_bottom(drawn):
    (figure,) = drawn["subplots"]
    assert [(a.title, a.xlabel, a.ylabel) for a in figure.axes] == [
        ("lr=0.1", "epoch", "accuracy"),
        ("lr=0.01", "epoch", "accuracy"),
    ]
    assert figure.title == "Rates"


def test_pandas_names_its_lines_and_a_missing_value_is_none(drawn):
    (figure,) = drawn["pandas"]
    assert curves(figure) == [
        ("train", "line", [1000, 60000], [0.5, 0.7]),
        ("test", "line", [1000, 60000], [0.4, None]),
    ]
    assert figure.axes[0].xlabel == "items"


def test_grouped_bars_are_one_record_for_each_group_with_its_categories(drawn):
    (figure,) = drawn["pandas bars"]
    train, test = figure.axes[0].lines
    assert (train.label, train.kind, train.y) == ("train", "bars", [0.5, 0.7])
    assert (test.label, test.y) == ("test", [0.4, 0.6])
    assert train.categories == test.categories == ["1000", "60000"]


def test_seaborn_lines_are_named_by_the_colours_of_its_legend(drawn):
    lines, points = drawn["seaborn"]
    assert curves(lines) == [
        ("a", "line", [1, 2], [0.5, 0.7]),
        ("b", "line", [1, 2], [0.6, 0.8]),
    ]
    assert curves(points) == [
        ("a", "points", [1, 2], [0.5, 0.7]),
        ("b", "points", [1, 2], [0.6, 0.8]),
    ]


def test_texts_along_the_x_axis_are_kept_as_categories(drawn):
    strings, ticks = drawn["strings"]
    assert strings.axes[0].lines[0].categories == ["1000", "60000"]
    assert strings.axes[0].texts == ["best"]
    assert ticks.axes[0].lines[0].categories == ["1k", "60k"]


def test_bars_of_several_calls_and_lying_bars_keep_values_and_categories(drawn):
    standing, lying = drawn["bars"]
    assert [(b.kind, b.y, b.categories) for b in standing.axes[0].lines] == [
        ("bars", [0.5], ["1000"]),
        ("bars", [0.7], ["60000"]),
    ]
    (bars,) = lying.axes[0].lines
    assert (bars.label, bars.x, bars.y, bars.categories) == ("x", [0, 1], [0.5, 0.7], ["a", "b"])


def test_each_call_of_scatter_is_a_set_of_points(drawn):
    (figure,) = drawn["scatter"]
    assert curves(figure) == [
        ("1000 items", "points", [1000], [0.5]),
        ("60000 items", "points", [60000], [0.7]),
    ]
    assert figure.axes[0].lines[0].categories == []


def test_of_error_bars_and_stems_only_the_data_are_recorded(drawn):
    bars, stem = drawn["error bars"]
    assert [line.label for line in bars.axes[0].lines] == ["mean", None]
    assert bars.axes[0].lines[0].y == [0.5, 0.7]
    assert curves(stem) == [(None, "points", [1, 2], [0.5, 0.7])]


def test_twin_axes_have_one_x_label_and_the_legend_of_the_figure(drawn):
    (figure,) = drawn["twins"]
    assert [axes.lines[0].label for axes in figure.axes] == ["accuracy", "loss"]
    assert [axes.xlabel for axes in figure.axes] == ["epoch", "epoch"]
    assert figure.legend == ["accuracy", "loss"]


def test_figures_that_are_saved_closed_or_cleared_count(drawn):
    assert [f.axes[0].lines[0].y[0] for f in drawn["saved and closed"]] == [0, 1, 2, 3, 4]


def test_a_figure_that_was_saved_twice_counts_once_in_its_last_state(drawn):
    (own,) = drawn["without pyplot"]
    (shown,) = drawn["shown and saved"]
    assert [line.y for line in own.axes[0].lines] == [[0.5, 0.7], [0.6, 0.8]]
    assert len(shown.axes[0].lines) == 1


def test_objects_that_resist_a_look_cost_themselves_alone(drawn):
    (figure,) = drawn["hostile"]
    assert [line.y for line in figure.axes[0].lines] == [[0.5, None]]
    assert drawn["values"]["done"] is True


def test_an_empty_figure_is_none(drawn):
    assert drawn["nothing"] == []


def test_of_many_figures_those_with_curves_are_kept_and_long_curves_are_cut(run_code):
    recording, _ = run_code(
        """
import matplotlib.pyplot as plt
for k in range(6):
    plt.imshow([[k]]); plt.show()
plt.plot(range(10_000)); plt.show()
for k in range(1, 9):
    plt.clf(); plt.plot(range(k)); plt.pause(0.1)
""",
        figures=5,
    )

    figures = recording.data.figures
    assert len(figures) == 5
    lengths = [len(f.axes[0].lines[0].y) for f in figures if f.axes[0].lines]
    assert max(lengths) == 500
    assert 8 in lengths
    assert any("More was plotted" in cut for cut in recording.data.cuts)
