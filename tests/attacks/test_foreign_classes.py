"""Networks that bring code along: lambdas, own classes, foreign names, files made by the attacker.

Must stay true: the code of a submission runs nowhere but in its own process. The trainer makes
objects from Keras' own classes by an allow-list; what names another class is refused, and what the
runner can't describe is trained in the student's process and says so.
"""

from __future__ import annotations

import json

import pytest

from graders.grading import Grader
from tests.attacks.conftest import Attack, Outside
from tests.builders.attacks import ASK, LOAD, build, fit, judged, outcome, trained_by_us
from tests.tiers import with_exhaustive

COMPILE = "model.compile('sgd', 'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
# Writes where only the grading process could, and tells in which process it ran.
CANARY = """
seen = []
def canary(*args, **kwargs):
    seen.append(os.getpid())
    try: open({place!r}, 'w').write('RAN')
    except OSError: pass
"""
TAIL = "x_train, y_train, ran = x_train[:64], y_train[:64], 0\n"
OWN = {
    "a Lambda": """
def double(x): canary(); return x * 2
model = keras.Sequential([keras.Input((784,)), keras.layers.Lambda(double),
                          keras.layers.Dense(10, activation='softmax')])
""",
    "a layer that describes itself as another": """
class Quiet(keras.layers.Layer):
    def call(self, x): canary(); return x
    def get_config(self):
        return {'module': 'os', 'class_name': 'system', 'registered_name': 'builtins>exec',
                'config': {'command': 'true'}}
    @classmethod
    def from_config(cls, config): canary(); return cls()
model = keras.Sequential([keras.Input((784,)), Quiet(),
                          keras.layers.Dense(10, activation='softmax')])
""",
    "a layer of one's own named Dense": """
class Dense(keras.layers.Dense):
    def call(self, x, training=None): canary(); return super().call(x)
    @classmethod
    def from_config(cls, config): canary(); return super().from_config(config)
Dense.__module__ = 'keras.src.layers.core.dense'
model = keras.Sequential([keras.Input((784,)), Dense(10, activation='softmax')])
""",
    "an initializer": """
@keras.saving.register_keras_serializable('keras.initializers')
class GlorotUniform(keras.initializers.GlorotUniform):
    def __call__(self, *args, **kwargs): canary(); return super().__call__(*args, **kwargs)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation='softmax',
                          kernel_initializer=GlorotUniform())])
""",
    "a regularizer": """
class L2(keras.regularizers.L2):
    def __call__(self, x): canary(); return super().__call__(x)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation='softmax',
                          kernel_regularizer=L2(0.01))])
""",
    "an activation": """
def softmax(x): canary(); return keras.activations.softmax(x)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation=softmax)])
""",
    "a model": """
class Sequential(keras.Sequential):
    def call(self, x, training=None, mask=None): canary(); return super().call(x)
    @classmethod
    def from_config(cls, config): canary(); return super().from_config(config)
model = Sequential([keras.Input((784,)), keras.layers.Dense(10, activation='softmax')])
""",
}
COMPILED = {
    "a loss": """
def sparse_categorical_crossentropy(y, p):
    canary(); return keras.losses.sparse_categorical_crossentropy(y, p)
model.compile('sgd', sparse_categorical_crossentropy, metrics=['accuracy'])
model.fit(x_train, y_train, verbose=0)
""",
    "a metric": """
def accuracy(y, p): canary(); return keras.ops.ones_like(y)
model.compile('sgd', 'sparse_categorical_crossentropy', metrics=[accuracy])
model.fit(x_train, y_train, verbose=0)
""",
    "an optimizer": """
class SGD(keras.optimizers.SGD):
    def update_step(self, *args): canary(); return super().update_step(*args)
model.compile(SGD(), 'sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(x_train, y_train, verbose=0)
""",
    "a callback": """
class EarlyStopping(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None): canary()
model.fit(x_train, y_train, verbose=0, callbacks=[EarlyStopping()])
""",
    "a method of its own": """
original = model.train_step
def train_step(*args): canary(); return original(*args)
model.train_step = train_step
model.fit(x_train, y_train, verbose=0)
""",
}


# tests/training/test_stock.py has a class of each kind without a run.
ALIKE = {
    *("a layer that describes itself as another", "a regularizer", "an activation"),
    *("a metric", "an optimizer"),
}


@pytest.mark.parametrize("what", with_exhaustive([*OWN, *COMPILED], ALIKE))
def test_code_in_a_network_runs_in_its_own_process_alone(
    attack: Attack, outside: Outside, what: str
) -> None:
    """`attack` asserts that no canary is left outside, where the trainer could leave one."""
    start = LOAD + TAIL + CANARY.format(place=str(outside.home / "canary"))
    body = (
        OWN[what] + COMPILE + "model.fit(x_train, y_train, verbose=0)\n"
        if what in OWN
        else build() + COMPILED[what]
    )

    after = attack(start + body + "ran, mine = len(seen), set(seen) <= {os.getpid()}\n")

    assert after.errors == []
    assert after.values["ran"] > 0
    assert after.values["mine"] is True
    assert trained_by_us(after) == []
    (summary,) = after.result.trainings
    assert not summary.verified
    assert len(summary.note.split()) > 4


NAMED = [
    {"kind": "layers", "name": "Lambda", "config": {"function": "exec"}},
    {"kind": "layers", "name": "system", "config": {"command": "true"}},
    {"kind": "layers", "name": "TFSMLayer", "config": {"filepath": "/tmp"}},
    {"kind": "layers", "name": "os.system", "config": {}},
    {"kind": "builtins", "name": "exec", "config": {}},
    {"module": "builtins", "class_name": "exec", "config": {}, "registered_name": "exec"},
    {
        "kind": "layers",
        "name": "Dense",
        "config": {
            "units": 10,
            "activation": {"module": "builtins", "class_name": "function", "config": "exec"},
        },
    },
    {
        "kind": "layers",
        "name": "Dense",
        "config": {
            "units": 10,
            "kernel_initializer": {
                "class_name": "__lambda__",
                "config": {"value": "4wAAAAAAAAAAAAAAAAEAAAA="},
            },
        },
    },
]


def test_a_request_that_names_foreign_classes_is_refused(attack: Attack) -> None:
    after = attack(
        LOAD
        + TAIL
        + build()
        + ASK
        + "request, arrays = described(model, x=x_train, y=y_train, epochs=1)\n"
        "replies = []\n"
        f"for stock in json.loads({json.dumps(json.dumps(NAMED))}):\n"
        "    request['network']['layers'][0]['stock'] = stock\n"
        "    reply = say(event='train', request=request)\n"
        "    if 'need' in reply:\n"
        "        hand_over(arrays, reply['need'])\n"
        "        reply = say(event='arrays')\n"
        "    replies.append(reply)\n"
        "report = json.dumps(replies)\n"
    )

    assert after.errors == []
    assert [list(reply) for reply in after.report] == [["refused"]] * len(NAMED)
    assert trained_by_us(after) == []


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_file_with_code_in_it_runs_where_it_is_loaded(
    attack: Attack, outside: Outside, ending: str
) -> None:
    """The attacker's own process loads it; nothing of it comes to the trainer."""
    after = attack(
        LOAD
        + TAIL
        + CANARY.format(place=str(outside.home / "canary"))
        + "import builtins\nbuiltins.canary = canary\n"
        + OWN["a Lambda"]
        .replace("def double(x): canary(); return x * 2\n", "")
        .replace("Lambda(double)", "Lambda(lambda x: (__import__('builtins').canary(), x * 2)[1])")
        + COMPILE
        + f"model.save('mine{ending}')\n"
        f"model = keras.models.load_model('mine{ending}', safe_mode=False)\n"
        + COMPILE
        + "model.fit(x_train, y_train, verbose=0)\n"
        + "ran, mine = len(seen), set(seen) <= {os.getpid()}\n"
    )

    assert after.errors == []
    assert after.values["ran"] > 0
    assert after.values["mine"] is True
    assert trained_by_us(after) == []
    assert [t.verified for t in after.result.trainings] == [False]


def test_a_layer_of_ones_own_is_not_taken_for_keras_dense(attack: Attack, grader: Grader) -> None:
    """It may compute anything; 1c asks for two of Keras' dense layers."""
    after = attack(
        LOAD + "class Dense(keras.layers.Layer):\n"
        "    def __init__(self, units, activation):\n"
        "        super().__init__(); self.units, self.activation = units, activation\n"
        "    def build(self, shape): self.kernel = self.add_weight(shape=(shape[-1], self.units))\n"
        "    def call(self, x): return keras.ops.matmul(x, self.kernel)\n"
        "    def get_config(self):\n"
        "        return {'units': self.units, 'activation': self.activation}\n"
        "model = keras.Sequential([keras.Input((784,)), Dense(10, 'relu'), Dense(10, 'relu'), "
        "Dense(10, 'softmax')])\n" + COMPILE + fit()
    )

    result = judged(grader, after)
    assert after.errors == []
    assert outcome(result, "hidden_layers") != "passed"
    assert outcome(result, "output_layer") != "passed"
