"""What changes a fingerprint, and what doesn't."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.similar import Fingerprint, fingerprint, starter_of
from graders.similar.fingerprint import VERSION
from graders.similar.normal import CHARACTERS, normal_cells
from tests.builders.copies import cells_of, taken, written

# Names that no library has; `v_` keeps them off the keywords and builtins.
NAMES = st.lists(
    st.from_regex(r"v_[a-z0-9_]{0,12}", fullmatch=True), min_size=5, max_size=5, unique=True
)
NUMBERS = st.sampled_from([("255", "255.0"), ("0.01", "1e-2"), ("20000", "20_000"), ("16", "0x10")])
SPACES = st.sampled_from(["", " ", "  ", "\t"])
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\n\n\n", "  # a remark: it's so\n", "\n# 'why?\n"])

WORK = """\
{0} = {1}.reshape(-1, 784) / {number}
def {2}({3}, {4}=10):
    {0} = keras.Sequential([layers.Dense({3}, activation="relu"), layers.Dense({4})])
    {0}.compile(loss="mse", optimizer=keras.optimizers.SGD({number}))
    return {0}
{1} = {2}({3}={number}, {4}=[{0}[{3}:, {number}] for {3} in range(len({1}))])
"""


@given(st.tuples(NAMES, NAMES), NUMBERS, SPACES, LINE_ENDS, st.sampled_from("'\""))
def test_names_and_layout_never_change_it(
    names: tuple[list[str], list[str]],
    numbers: tuple[str, str],
    space: str,
    line_end: str,
    quote: str,
) -> None:
    one = WORK.format(*names[0], number=numbers[0])
    copy = WORK.format(*names[1], number=numbers[1]).replace("\n", line_end)
    copy = copy.replace(", ", f",{space}").replace(" = ", f"{space}={space}").replace('"', quote)

    assert taken([one]) == taken([copy])


@given(st.text(alphabet=st.characters(exclude_characters='"\\\n\r'), max_size=60))
def test_texts_for_people_never_change_it(text: str) -> None:
    source = '{2}x = y.sum() + 1\nprint("{0}", x)\nz.title("{1}")\nw = "{1}" "more"\n'

    one = source.format("here", "two words", '"""Help."""\n')
    other = source.format(text, f"{text} {text}!", "")

    assert taken([one]) == taken([other])


@pytest.mark.parametrize(
    "other",
    [
        "import tensorflow as tf\nm = tf.keras.layers.Dense(10, activation='relu')(x)",
        "from keras import layers\nm = layers.Dense(10, activation='relu')(x)",
        "from keras import layers as ly\nm = ly.Dense(10, activation='relu')(x)",
        "from keras.layers import (\n  Dense,\n  Flatten\n)\nm = Dense(10, activation='relu')(x)",
        "from keras.layers import Dense as D\nm = D(10, activation='relu')(x)",
        "import keras.layers as kl\nm = kl.Dense(10, activation='relu')(x)",
        "m = (\n    keras.layers.Dense(10, activation='relu',)(x)\n)",
    ],
)
def test_the_way_to_a_class_does_not_change_it(other: str) -> None:
    one = "import keras\nm = keras.layers.Dense(10, activation='relu')(x)"

    assert taken([one]) == taken([other])


@given(st.randoms(use_true_random=False))
def test_the_order_of_cells_never_changes_it(rng: Random) -> None:
    sources = written(1)
    moved = list(sources)
    rng.shuffle(moved)

    assert taken(moved) == taken(sources)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = layers.Dense(10, activation='relu')", "x = layers.Dense(64, activation='relu')"),
        ("x = layers.Dense(10, activation='relu')", "x = layers.Dense(10, activation='tanh')"),
        ("x = layers.Dense(10, activation='relu')", "x = layers.LSTM(10, activation='relu')"),
        ("x = [print('so'), Dense(1)(y), 'relu']", "x = [print('so'), Dense(1)(y), 'tanh']"),
        ("x = y[1:] + z[2] * 5", "x = y[1:] - z[2] * 5"),
        ("for x in y.rows: z += x.sum()", "while x in y.rows: z += x.sum()"),
    ],
)
def test_what_the_code_does_changes_it(one: str, other: str) -> None:
    assert taken([one]).hashes != taken([other]).hashes
    assert taken([one]).whole != taken([other]).whole


def test_the_blank_lines_of_a_script_do_not_change_it() -> None:
    sources = written(2)
    apart = cells_of(*(line for source in sources for line in source.split("\n")))

    script = fingerprint(apart, script=True)

    assert script == fingerprint(cells_of("\n".join(sources)), script=True)


def test_a_script_and_a_notebook_with_the_same_code_share_nearly_all() -> None:
    sources = written(3)
    script = set(fingerprint(cells_of(*sources), script=True).hashes)
    notebook = set(taken(sources).hashes)

    assert len(script & notebook) > 0.9 * len(notebook)


def test_the_starter_does_not_count() -> None:
    given_lines = written(4)
    starter = starter_of(cells_of(*given_lines))

    own = [*given_lines, *written(5)]

    assert fingerprint(cells_of(*own), starter) == taken(written(5))
    assert fingerprint(cells_of(*given_lines), starter) == Fingerprint()


def test_text_cells_do_not_count() -> None:
    cells = cells_of(*written(6))
    text = cells[0].model_copy(update={"kind": "markdown", "source": "x = y.sum() + z.max() * 4"})

    assert fingerprint([*cells, text]) == fingerprint(cells)


def test_no_more_is_read_than_a_notebook_has() -> None:
    line = "x = y.sum() + z.max() * 4\n"
    full = line * (CHARACTERS // len(line))
    full += "#" * (CHARACTERS - len(full))

    assert taken([full, "beyond = all_limits.here(1, 2, 3)"]) == taken([full])


def test_numbers_of_any_length_are_numbers() -> None:
    assert normal_cells(["x = " + "9" * 5000]) == [[("v", "=", "n")]]


@given(st.text())
def test_any_text_has_a_fingerprint_that_can_be_kept(text: str) -> None:
    found = taken([text], file="f" * 64)

    assert Fingerprint.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "damaged", ["", "[]", "{}", "null", "[" * 100_000, f'[{VERSION},["x"],"","",0,0]']
)
def test_what_was_kept_and_is_damaged_is_no_fingerprint(damaged: str) -> None:
    assert Fingerprint.from_json(damaged) is None


def test_what_another_version_kept_is_no_fingerprint() -> None:
    kept = taken(written(7)).to_json().replace(f"[{VERSION},", f"[{VERSION + 1},", 1)

    assert Fingerprint.from_json(kept) is None
