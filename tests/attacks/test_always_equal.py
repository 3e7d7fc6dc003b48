"""Objects that lie about themselves: equal to everything, true, of another class, of any value.

Must stay true: what crosses over to the checks is plain data. Nothing passes that the plain values
beneath would not pass, and no object keeps the run from its end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.grading import Grader
from graders.result import Outcome
from tests.attacks.conftest import Aftermath, Attack, numbered, variant
from tests.builders.attacks import LOAD, assert_nothing_gained, build, fit, judged, passed

YES = """
class Yes:
    def yes(self, *args, **kwargs): return True
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = yes
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __float__(self): return 1.0
    def __int__(self): return 1
    __index__ = __int__
    def __abs__(self): return 1
    def __len__(self): return 25
    def __str__(self): return '1'
    __repr__ = __format__ = __str__
"""
PLAIN = """
answers = {'1d': 1, '1g': 1.0, '1h': '1'}
KxIA = [[7] * 5] * 5
boots, first_wrong = [1], 1
"""
LIES = {
    "an object": "answers = {k: Yes() for k in ('1d', '1g', '1h')}\nKxIA = boots = Yes()\n",
    "a class that is called int": """
class Lie(Yes): __class__ = property(lambda self: int)
answers = {k: Lie() for k in ('1d', '1g', '1h')}
answer_1d = first_wrong = boots = KxIA = Lie()
""",
    "a class that is called str": """
class Lie(Yes):
    __class__ = property(lambda self: str)
    def __getitem__(self, key): return self
    def encode(self, *args): return b'1'
answers = {k: Lie() for k in ('1d', '1g', '1h')}
answer_1d = first_wrong = Lie()
""",
    "a class that is called dict": """
class Lie(Yes):
    __class__ = property(lambda self: dict)
    def items(self): return [('1d', 1)]
    def __iter__(self): return iter(['1d'])
answers = Lie()
""",
    "integers": """
class Number(Yes, int): pass
answers = {'1d': Number(1), '1g': Number(1), '1h': Number(1)}
first_wrong = Number(1)
""",
    "numbers": """
class Number(Yes, float): pass
answers = {'1d': Number(1), '1g': Number(1), '1h': Number(1)}
first_wrong = Number(1)
""",
    "texts": """
class Text(Yes, str): pass
answers = {Text('1d'): Text('1'), Text('1g'): Text('1'), Text('1h'): Text('1')}
""",
    "dicts": """
class Names(dict):
    def get(self, *args): return 8070
    __getitem__ = __missing__ = get
    def __contains__(self, key): return True
answers = Names({'1d': 1})
""",
    "lists": """
class Row(Yes, list): pass
KxIA = Row([Row([7] * 5) for _ in range(5)])
boots = Row([1])
""",
    "arrays": """
class Grid(Yes, np.ndarray):
    def __array__(self, *args, **kwargs): return np.full((5, 5), 7)
    shape = property(lambda self: (5, 5))
KxIA = np.full((5, 5), 7).view(Grid)
boots = np.ones(1).view(Grid)
""",
    "what becomes another array each time": """
class Turning:
    shape, dtype, ndim, count = (5, 5), np.dtype('float64'), 2, 0
    def __array__(self, *args, **kwargs):
        self.count += 1
        return np.full((5, 5), self.count)
KxIA = Turning()
""",
    "what raises at every look": """
class Mine:
    def __getattribute__(self, name): raise KeyboardInterrupt(name)
    def __del__(self): raise SystemExit
answers = {'1d': Mine(), '1h': 1}
KxIA = boots = first_wrong = Mine()
""",
}


# What the checks read, of which each lie has variables of its own.
NAMES = ("answers", "answer_1d", "KxIA", "boots", "first_wrong")
START = "import numpy as np\n"


@pytest.fixture(scope="module")
def lies(attack_of_all: Attack) -> Aftermath:
    """All lies in one run, each in a cell of its own."""
    cells = [numbered(k, PLAIN + YES + lie, NAMES) for k, lie in enumerate(LIES.values())]
    return attack_of_all("\n# %%\n".join([START, *cells, "last = 'seen'\n"]))


@pytest.mark.parametrize("what", LIES)
def test_lying_values_pass_nothing_and_stop_nothing(
    lies: Aftermath, plain: Attack, grader: Grader, tmp_path: Path, what: str
) -> None:
    after = variant(lies, list(LIES).index(what), tmp_path / "out")

    assert after.result.execution.status == "complete"
    assert after.values["last"] == "seen"
    assert after.errors == []
    right = "answers = {'1d': 8070}\n"
    control = plain(START + right)
    assert passed(judged(grader, control)) == {
        "test_1_dense.py::test_parameters_of_the_small_network"
    }
    assert passed(judged(grader, after)) == set()


NETWORKS = {
    "Sequential": """
class Mine(keras.Sequential):
    def count_params(self): return 8070
    name = 'model'
    def __eq__(self, other): return True
    def __hash__(self): return 0
model.__class__ = Mine
""",
    "History": """
class History(keras.callbacks.History):
    history = {'accuracy': [.99] * 3, 'val_accuracy': [.99] * 3}
    epoch = [0, 1, 2]
    def on_epoch_end(self, *args): pass
    def __setattr__(self, name, value): pass
keras.callbacks.History = History
import keras.src.callbacks.callback_list as lists
lists.History = History
""",
    "layers": """
class Dense(keras.layers.Dense):
    units = property(lambda self: 10, lambda self, value: None)
    def get_config(self): return super().get_config() | {'units': 10, 'activation': 'relu'}
    def count_params(self): return 110
for layer in model.layers: layer.__class__ = Dense
""",
    "weights": """
for layer in model.layers:
    layer._trainable_variables = []
model.trainable_variables_ = []
""",
}


@pytest.mark.parametrize("what", NETWORKS)
def test_lying_networks_pass_nothing_more(
    attack: Attack, plain: Attack, grader: Grader, what: str
) -> None:
    honest = LOAD + build(12) + fit(epochs=1)
    lying = LOAD + build(12) + NETWORKS[what] + fit(epochs=1)

    after = attack(lying)

    assert after.result.execution.status == "complete"
    assert_nothing_gained(grader, after, plain(honest))


def test_a_value_of_a_class_of_ones_own_counts_as_what_it_holds(
    attack: Attack, grader: Grader
) -> None:
    """Not every subclass is an attack: NumPy's numbers are of classes of their own."""
    after = attack("class Count(int): pass\nanswers = {'1d': Count(8070)}\n")

    assert after.outcome("parameters_of_the_small") is Outcome.PASSED
