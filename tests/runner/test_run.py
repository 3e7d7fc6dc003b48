"""Real submissions, in real processes, with real TensorFlow on small data."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from tests.builders.submissions import code, notebook

pytestmark = pytest.mark.sandbox

LOAD = """
import keras, numpy as np
from keras import layers
(x, y), (a, b) = keras.datasets.fashion_mnist.load_data()
x, a = x.reshape(-1, 784) / 255, a.reshape(-1, 784) / 255

def net(units):
    return keras.Sequential([keras.Input((784,)), layers.Dense(units, 'relu'),
                             layers.Dense(10, 'softmax')])

def ready(model, optimizer='sgd'):
    model.compile(optimizer=optimizer, loss='sparse_categorical_crossentropy',
                  metrics=['accuracy'])
    return model
"""


def sleepers(seconds):
    """Processes that sleep for so long and are not merely waiting to be reaped."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if seconds in (process.info["cmdline"] or ())
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def outcome(recording, index):
    return next(o for o in recording.data.outcomes if o.index == index)


def test_a_failing_cell_does_not_stop_the_next(run_code):
    recording, ended = run_code("# %%\nvalue = 1\n# %%\n1/0\n# %%\nvalue += 1")

    assert ended.how == "finished"
    assert [o.status for o in recording.data.outcomes] == ["ok", "error", "ok"]
    assert outcome(recording, 1).error_type == "ZeroDivisionError"
    assert recording.data.values["value"] == 2


def test_a_syntax_error_costs_its_own_cell_alone(run_code):
    recording, _ = run_code("# %%\nmodel = f(  # ADD YOUR CODE\n# %%\nafter = 3")

    assert outcome(recording, 0).error_type == "SyntaxError"
    assert recording.data.values["after"] == 3


def test_networks_of_one_name_are_all_recorded(run_code):
    recording, _ = run_code(
        LOAD
        + """
for units in (3, 4, 5):
    model = ready(net(units))
    model.fit(x, y, epochs=1, batch_size=500, verbose=0)
"""
    )

    units = [n.layers[1].config["units"] for n in recording.data.networks]
    assert units == [3, 4, 5]
    assert len(recording.data.trainings) == 3


def test_a_network_that_was_only_built_is_recorded_even_when_its_name_is_reused(run_code):
    recording, _ = run_code(LOAD + "model = net(3)\nmodel = net(4)")

    assert [n.layers[1].config["units"] for n in recording.data.networks] == [3, 4]
    assert recording.data.networks[1].names == ["model"]


def test_keras_and_tf_keras_are_watched_alike(run_code):
    recording, _ = run_code(
        """
import tensorflow as tf
from tensorflow.keras.datasets import fashion_mnist
(x, y), _ = tf.keras.datasets.fashion_mnist.load_data()
(x, y), _ = fashion_mnist.load_data()
inputs = tf.keras.Input((28, 28))
hidden = tf.keras.layers.Flatten()(inputs)
model = tf.keras.Model(inputs, tf.keras.layers.Dense(10, activation='softmax')(hidden))
model.compile(tf.keras.optimizers.Adam(0.002), 'sparse_categorical_crossentropy',
              metrics=['acc'])
model.fit(x / 255.0, y, batch_size=500, verbose=0)
"""
    )

    (training,) = recording.data.trainings
    network = recording.data.networks[training.network]
    assert training.status == "ok"
    assert training.data.x.shape == [2000, 28, 28]
    assert network.kind == "Functional"
    assert network.compiled.optimizer == "Adam"
    assert network.compiled.learning_rate == pytest.approx(0.002)
    assert recording.data.data_sets[0].loaded == 2


def test_what_a_training_was_given_and_reached_is_recorded(run_code):
    recording, _ = run_code(
        LOAD
        + "model = ready(net(8))\n"
        + "h = model.fit(x, y, epochs=2, batch_size=100, validation_data=(a, b), verbose=0)\n"
        + "last = h.history['val_accuracy'][-1]\n"
        + "labels = model.predict(a, verbose=0).argmax(axis=1)\n"
        + "boots = np.where(labels == 9)\n"
    )

    (training,) = recording.data.trainings
    assert (training.epochs, training.epochs_before, training.batch_size) == (2, 0, 100)
    assert training.data.x.origin.split == "train"
    assert training.validation.x.origin.split == "test"
    assert training.data.y.agreement == 1.0
    assert training.measured["test_accuracy"] == pytest.approx(recording.data.values["last"])
    predicted = recording.predictions(training)
    assert list(recording.array("boots")) == list((predicted == 9).nonzero()[0])


def test_continued_training_is_told_from_a_new_network(run_code):
    recording, _ = run_code(
        LOAD
        + """
model = ready(net(3))
start = model.get_weights()
for _ in range(2):
    model.fit(x, y, batch_size=500, verbose=0)
ready(model, keras.optimizers.SGD(0.5)).fit(x, y, batch_size=500, verbose=0)
model.set_weights(start)
model.fit(x, y, batch_size=500, verbose=0)
ready(net(3)).fit(x, y, batch_size=500, verbose=0)
"""
    )

    assert [t.epochs_before for t in recording.data.trainings] == [0, 1, 2, 0, 0]
    rates = [
        recording.data.networks[t.network].compiled.learning_rate for t in recording.data.trainings
    ]
    assert rates == pytest.approx([0.01, 0.01, 0.5, 0.5, 0.01])


def test_a_failed_fit_is_recorded_as_such(run_code):
    recording, _ = run_code(
        LOAD + "model = ready(net(3))\nmodel.fit(x.reshape(-1, 28, 28), y, verbose=0)"
    )

    assert [t.status for t in recording.data.trainings] == ["error"]


def test_a_tf_data_pipeline_is_traced(run_code):
    recording, _ = run_code(
        LOAD
        + """
import tensorflow as tf
train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(2000).batch(250)
ready(net(3)).fit(train, verbose=0)
"""
    )

    (training,) = recording.data.trainings
    assert training.data.form == "tf.data"
    assert training.batch_size == 250
    assert training.data.x.origin.items == 2000
    assert training.data.y.agreement == 1.0


def test_a_subclassed_network_is_recorded(run_code):
    recording, _ = run_code(
        LOAD
        + """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(6, activation='relu')
        self.out = layers.Dense(10, activation='softmax')
    def call(self, inputs):
        return self.out(self.hidden(inputs))

ready(Net()).fit(x, y, batch_size=500, verbose=0)
"""
    )

    (training,) = recording.data.trainings
    network = recording.data.networks[training.network]
    assert network.kind == "Subclass"
    assert [layer.type for layer in network.layers] == ["Dense", "Dense"]
    assert network.parameters == 784 * 6 + 6 + 6 * 10 + 10


def test_values_and_arrays_in_many_dresses_are_kept(run_code):
    recording, _ = run_code(
        """
import numpy as np, pandas as pd, tensorflow as tf
answers = {'1d': np.int64(8070), '1g': tf.Variable(0.01), '3c': '3,330', 'none': None}
KxIA = [[1, 2], [3, 4]]
results = {'KyIA': np.eye(2)}
frame = pd.DataFrame([[1.5, 2.5]])
mask = np.array([True, False])
huge = np.zeros((2000, 2000))
nothing = []
text = 'x' * 50_000
"""
    )

    values, arrays = recording.data.values, recording.data.arrays
    assert values["answers"]["1d"] == 8070
    assert values["answers"]["1g"] == pytest.approx(0.01)
    assert values["answers"]["3c"] == "3,330"
    assert values["answers"]["none"] is None
    assert recording.array("KxIA").tolist() == [[1, 2], [3, 4]]
    assert recording.array("results['KyIA']").tolist() == [[1, 0], [0, 1]]
    assert recording.array("frame").tolist() == [[1.5, 2.5]]
    assert recording.array("mask").tolist() == [True, False]
    assert recording.array("nothing").size == 0
    assert arrays["huge"].file is None
    assert len(values["text"]) == 10_000


def test_magics_run_and_shell_commands_are_recorded_and_skipped(run_code, tmp_path):
    recording, _ = run_code(
        f"""
%matplotlib inline
!touch {tmp_path}/made
%pip install something
files = !ls
%time one = 1

%%bash
touch {tmp_path}/made
"""
    )

    assert recording.data.values["one"] == 1
    assert not (tmp_path / "made").exists()
    assert any("pip install something" in c for c in recording.data.skipped_commands)
    assert any(c.startswith(f"!touch {tmp_path}") for c in recording.data.skipped_commands)


def test_exported_notebooks_may_call_get_ipython(run_code):
    recording, _ = run_code(
        "# In[1]:\nget_ipython().run_line_magic('matplotlib', 'inline')\n"
        "get_ipython().system('pip install x')\n# In[2]:\ndone = 1"
    )

    assert [o.status for o in recording.data.outcomes] == ["ok", "ok"]


def test_nobody_answers_input(run_code):
    recording, _ = run_code("name = input('your name')")

    assert outcome(recording, 0).error_type == "InputUnavailable"
    assert "nobody can answer" in outcome(recording, 0).error_message


def test_shown_figures_are_recorded_as_data(run_code):
    recording, _ = run_code(
        """
import matplotlib.pyplot as plt
plt.plot([1, 2], [3, 4], label='loss'); plt.legend(); plt.title('t'); plt.show()
fig, axes = plt.subplots(1, 2)
axes[0].imshow([[0, 1]])
"""
    )

    shown, left_open = recording.data.figures
    assert shown.axes[0].title == "t"
    assert shown.axes[0].lines[0].y == [3, 4]
    assert shown.axes[0].legend == ["loss"]
    assert left_open.axes[0].images == 1


def test_other_data_sets_are_refused_with_a_sentence(run_code):
    recording, _ = run_code("import keras\nkeras.datasets.cifar10.load_data()")

    assert "This assignment uses: fashion_mnist" in outcome(recording, 0).error_message


def test_the_course_s_other_libraries_can_be_imported(run_code):
    recording, _ = run_code("import sklearn, pandas, seaborn, cv2, scipy.signal\nok = 1")

    assert recording.data.values == {"ok": 1}


def test_a_script_knows_its_file_and_is_the_main_module(run_code):
    recording, _ = run_code(
        "import os\nos.chdir(os.path.dirname(os.path.abspath(__file__)))\n"
        "name, same = os.path.basename(__file__), os.getcwd() == os.environ['HOME']\n\n"
        "if __name__ == '__main__':\n    main = True",
        name="work.py",
    )

    assert recording.data.values == {"name": "work.py", "same": True, "main": True}


def test_a_notebook_has_no_file_of_its_own(run_code):
    recording, _ = run_code(notebook(code("__file__")).decode(), name="work.ipynb")

    assert outcome(recording, 0).error_type == "NameError"


def test_the_environment_is_clean_and_the_folder_its_own(run_code, monkeypatch):
    monkeypatch.setenv("TENSORMARK_SECRET", "key")
    recording, _ = run_code(
        "import os\nsecret = os.environ.get('TENSORMARK_SECRET', 'none')\n"
        "home = os.environ['HOME']\nhere = os.getcwd()\nopen('made.txt', 'w').write('x')"
    )

    values = recording.data.values
    assert values["secret"] == "none"
    assert values["home"] == values["here"]
    assert not Path("made.txt").exists()


def test_a_cell_that_never_ends_is_cut_off_and_the_rest_is_kept(run_code):
    recording, ended = run_code(
        "# %%\nkept = 1\n# %%\nwhile True:\n    pass\n# %%\nnever = 1", seconds=2
    )

    assert ended.how == "finished"
    assert recording.data.status == "timeout"
    assert recording.data.values == {"kept": 1}
    assert outcome(recording, 1).error_type == "TimeIsUp"


def test_code_that_swallows_the_alarm_is_cut_off_all_the_same(run_code):
    recording, _ = run_code(
        "# %%\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass\n"
        "    break\nwhile True: pass",
        seconds=1,
    )

    assert recording.data.status == "timeout"


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("import os; os._exit(3)", "exit status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    ],
)
def test_a_process_that_dies_leaves_what_it_had_recorded(run_code, code, detail):
    recording, ended = run_code(f"# %%\nkept = 1\n# %%\n{code}")

    assert ended.how == "died"
    assert detail in ended.detail
    assert [o.index for o in recording.data.outcomes] == [0]


def test_sys_exit_ends_its_cell_alone(run_code):
    recording, ended = run_code("# %%\nimport sys; sys.exit(1)\n# %%\nafter = 1")

    assert ended.how == "finished"
    assert recording.data.values["after"] == 1


def test_processes_left_behind_are_gone_when_the_run_has_ended(run_code):
    recording, _ = run_code(
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600.125'])\n"
        "runs = child.poll() is None"
    )

    assert recording.data.values["runs"] is True
    deadline = time.monotonic() + 5
    # Its number inside means nothing out here.
    while sleepers("600.125") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sleepers("600.125") == []


def test_floods_are_cut_and_said(run_code):
    recording, _ = run_code(
        "# %%\nprint('x' * 10**7)\n# %%\nfor i in range(50): globals()[f'v{i}'] = i",
        values=20,
    )

    assert len(outcome(recording, 0).output) < 21_000
    assert len(recording.data.values) == 20
    assert any("More than 20 values" in cut for cut in recording.data.cuts)


def test_half_a_surrogate_pair_spoils_nothing(run_code):
    recording, ended = run_code("odd = chr(0xD800)\nprint(odd)\nkept = 1")

    assert ended.how == "finished"
    assert recording.data.values["kept"] == 1
    assert recording.data.values["odd"] == "?"


def test_a_layer_that_is_used_twice_is_recorded_twice(run_code):
    recording, _ = run_code(
        """
import keras
from keras import layers
inputs = keras.Input((28, 28, 1))
pool, relu = layers.MaxPooling2D(2), layers.Activation('relu')
h = pool(relu(layers.Conv2D(16, 3)(inputs)))
h = pool(relu(layers.Conv2D(8, 3)(h)))
model = keras.Model(inputs, layers.Dense(10, activation='softmax')(layers.Flatten()(h)))
"""
    )

    (network,) = recording.data.networks
    types = [layer.type for layer in network.layers]
    assert network.chain
    assert types == [
        "InputLayer",
        "Conv2D",
        "Activation",
        "MaxPooling2D",
        "Conv2D",
        "Activation",
        "MaxPooling2D",
        "Flatten",
        "Dense",
    ]


def test_layers_of_a_subclassed_network_stand_in_the_order_of_their_calls(run_code):
    recording, _ = run_code(
        LOAD
        + """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(10, activation='softmax')
        self.hidden = layers.Dense(6)
        self.relu = layers.ReLU()
    def call(self, inputs):
        return self.out(self.relu(self.hidden(inputs)))

ready(Net()).fit(x, y, batch_size=500, verbose=0)
"""
    )

    (training,) = recording.data.trainings
    layers = recording.data.networks[training.network].layers
    assert [layer.config.get("units") for layer in layers] == [6, None, 10]


def test_the_batch_size_of_an_endless_pipeline_is_that_of_its_batches(run_code):
    recording, _ = run_code(
        LOAD
        + """
import tensorflow as tf
train = tf.data.Dataset.from_tensor_slices((x, y)).batch(100).repeat()
ready(net(3)).fit(train, steps_per_epoch=3, verbose=0)
def endless():
    while True:
        yield x[:50], y[:50]
ready(net(3)).fit(endless(), steps_per_epoch=3, verbose=0)
"""
    )

    assert [t.batch_size for t in recording.data.trainings] == [100, None]


def test_a_prediction_over_the_whole_test_set_is_kept(run_code):
    recording, _ = run_code(
        LOAD
        + """
model = ready(net(3))
model.train_on_batch(x, y)
classes = model.predict(a, verbose=0).argmax(axis=1)
model.predict(a[:10], verbose=0)
"""
    )

    whole, part = recording.data.calls
    assert recording.predictions(whole).tolist() == recording.array("classes").tolist()
    assert part.predictions is None
    assert recording.data.networks[0].custom_steps == 1


def test_columns_sets_and_objects_are_kept_as_arrays(run_code):
    recording, _ = run_code(
        """
import numpy as np
column = np.argwhere(np.arange(300) % 2 == 0)
found = {3, 1, 2}
objects = np.array([[1, 2.5]], dtype=object)
complex_ = np.array([[1 + 0j, 2]])
"""
    )

    assert recording.array("column").shape == (150, 1)
    assert recording.array("found").tolist() == [1, 2, 3]
    assert recording.array("objects").tolist() == [[1, 2.5]]
    assert recording.array("complex_").tolist() == [[1, 2]]


def test_tables_with_texts_and_sets_without_an_order_cost_nothing(run_code):
    recording, _ = run_code(
        """
import pandas as pd
table = pd.DataFrame({"rate": [0.1, 0.01], "name": ["fast", "slow"]})
mixed = {1, "one", None}
"""
    )

    assert recording.data.cuts == []
    assert recording.data.arrays == {}


def test_batches_that_were_collected_leave_room_for_results(run_code):
    recording, _ = run_code(
        """
import numpy as np
batches = [np.zeros((2, k + 1)) for k in range(300)]
more = [np.zeros((2, k + 1)) for k in range(300)]
result = np.arange(7)
"""
    )

    assert recording.data.cuts == []
    assert recording.array("result").tolist() == list(range(7))
    assert len(recording.data.arrays) < 100


def test_an_object_that_resists_every_look_costs_itself_alone(run_code):
    recording, ended = run_code(
        """
class Evil:
    shape = ()
    def __float__(self): raise SystemExit
evil = Evil()
kept = 1
"""
    )

    assert ended.how == "finished"
    assert recording.data.values["kept"] == 1
    assert any("evil" in cut for cut in recording.data.cuts)


def test_exit_in_a_cell_ends_nothing(run_code):
    recording, _ = run_code("# %%\nexit()\n# %%\nafter = 1")

    assert [o.status for o in recording.data.outcomes] == ["ok", "ok"]
    assert recording.data.values["after"] == 1


def test_a_process_that_leaves_early_with_status_0_is_no_complete_run(run_code):
    recording, _ = run_code("# %%\nkept = 1\n# %%\nimport os; os._exit(0)")

    assert recording.data.status == "running"
