"""The store of finished trainings: finding it, writing to it, and answering for another request.

Must stay true: a class shares it, and no submission reaches it or decides what stands in it. An
honest student gets the training that they would get alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.grading import Grader
from graders.training.store import Store
from tests.attacks.conftest import Aftermath, Attack, Outside
from tests.builders.attacks import ASK, LOAD, build, fit, trained_by_us

LITTLE = "x_train, y_train = x_train[:64], y_train[:64]\n"
HONEST = LOAD + LITTLE + build() + fit(epochs=2)


def facts(after: Aftermath) -> list[tuple[str, list[object], dict[str, float | None]]]:
    """What was trained, and what came of it, to the last bit."""
    return [
        (one.entry.fingerprint, [*one.entry.logs, *one.entry.weights], one.entry.measured)
        for one in trained_by_us(after)
    ]


def entries(store: Store) -> dict[str, bytes]:
    """Every file of a store's entries."""
    return {
        str(path.relative_to(store.root)): path.read_bytes()
        for path in sorted(store.root.rglob("*"))
        if path.is_file() and path.parent.name not in {"locks", "tmp"}
    }


@pytest.fixture
def fresh_store(grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store in which nothing stands yet."""
    store = Store(tmp_path / "store")
    monkeypatch.setattr(grader.trainer, "store", store)
    return store


@pytest.fixture
def alone(plain: Attack) -> Aftermath:
    """The honest training as it is without an attacker, in a store of its own."""
    return plain(HONEST)


def test_the_store_is_not_found_and_not_written(
    attack: Attack, grader: Grader, outside: Outside
) -> None:
    before = entries(grader.trainer.store)
    places = [str(outside.store), str(outside.store / "ab"), "~/.cache/tensormark/trainings"]
    after = attack(
        "import json, os, re\nfound, written = [], []\n"
        "for folder, inner, names in os.walk('/'):\n"
        "    if folder == '/': inner[:] = [i for i in inner if i not in ('usr', 'sys', 'proc')]\n"
        "    inner[:] = [i for i in inner if i not in ('lib', 'site-packages')]\n"
        "    found += [n for n in names + inner if re.fullmatch('[0-9a-f]{64}', n)]\n"
        "    found += [n for n in names if n in ('checksums.json', 'entry.json', 'state.npz')]\n"
        f"for place in {places!r} + [os.environ.get('TENSORMARK_STORE', '')]:\n"
        "    try:\n"
        "        os.makedirs(os.path.join(os.path.expanduser(place), 'ab', 'ab' + 'c' * 62))\n"
        "        written.append(place)\n"
        "    except OSError: pass\n"
        "report = json.dumps(found)\n"
    )

    assert after.report == []
    assert entries(grader.trainer.store) == before


def test_an_honest_training_is_as_alone_after_an_attackers_same_one(
    attack: Attack, alone: Aftermath, fresh_store: Store
) -> None:
    """The attacker asks first, paints over the answer, and repeats it with other values."""
    attack(
        HONEST + "model.set_weights([w * 0 for w in model.get_weights()])\n"
        "history.history['accuracy'] = [1.0]\n" + fit(epochs=2)
    )

    honest = attack(HONEST, "honest.py")

    assert len(facts(alone)) == 1
    assert facts(honest) == facts(alone)
    assert [t.cached for t in honest.result.trainings] == [True]
    assert [t.verified for t in honest.result.trainings] == [True]


VARIANTS = """
replies = []
def variant(change):
    changed = json.loads(json.dumps(request))
    change(changed)
    reply = say(event='train', request=changed)
    if 'need' in reply:
        hand_over(arrays, reply['need'])
        reply = say(event='arrays')
    replies.append([reply.get('refused', ''), reply.get('trained', {}).get('fingerprint')])
first, last = (lambda r: r['network']['layers'][0]), (lambda r: r['network']['layers'][-1])
variant(lambda r: first(r)['stock']['config'].update(units=10.0))
variant(lambda r: first(r)['stock']['config'].update(units=True))
variant(lambda r: first(r)['stock']['config'].update(use_bias=1))
variant(lambda r: first(r).update(trainable=1))
variant(lambda r: r['fit'].update(epochs=2.0))
variant(lambda r: r['fit'].update(batch_size=32.0))
variant(lambda r: r['fit'].update(shuffle=1))
variant(lambda r: r['fit'].update(validation_split=-0.0, initial_epoch=-0.0))
variant(lambda r: r['compiled']['optimizer']['config'].update(learning_rate='0.01'))
variant(lambda r: r.update(fingerprint='0' * 64, seed=1))
variant(lambda r: r['fit'].update(repetition=1))
variant(lambda r: r.update(version=1))
variant(lambda r: r['data']['x'][0].update(shape=[784, 64]))
variant(lambda r: r['data']['x'][0].update(digest=r['data']['y'][0]['digest']))
report = json.dumps(replies)
"""


def test_no_field_makes_a_request_answer_for_another(
    attack: Attack, alone: Aftermath, fresh_store: Store
) -> None:
    """Whatever is trained under the honest request's name is the honest training."""
    after = attack(
        LOAD
        + LITTLE
        + build()
        + ASK
        + "request, arrays = described(model, x=x_train, y=y_train, epochs=2, "
        "validation_data=(x_test, y_test))\n" + VARIANTS
    )
    assert after.errors == []
    assert len(after.report) == 14
    (name, *_), *_ = facts(alone)
    poisoned = [k for k, (_, fingerprint) in enumerate(after.report) if fingerprint == name]

    honest = attack(HONEST, "honest.py")

    assert facts(honest) == facts(alone), f"trained by variants {poisoned}"
    assert sum(bool(refused) for refused, _ in after.report) >= 10


def test_a_request_that_fails_leaves_nothing_under_its_name(
    attack: Attack, alone: Aftermath, fresh_store: Store
) -> None:
    """Announced and never handed over, or handed over as something else."""
    after = attack(
        LOAD
        + LITTLE
        + build()
        + ASK
        + "request, arrays = described(model, x=x_train, y=y_train, epochs=2, "
        "validation_data=(x_test, y_test))\n"
        "say(event='train', request=request)\nfirst = say(event='arrays')\n"
        "need = say(event='train', request=request)['need']\n"
        "hand_over({name: np.ones(7) for name in need}, need)\nsecond = say(event='arrays')\n"
        "report = json.dumps([first, second])\n"
    )
    assert [list(reply) for reply in after.report] == [["refused"], ["refused"]]
    assert entries(fresh_store) == {}

    honest = attack(HONEST, "honest.py")

    # Its own three failed tries are no repetitions of the honest one.
    assert facts(honest) == facts(alone)


def test_a_damaged_entry_is_trained_again(
    attack: Attack, alone: Aftermath, fresh_store: Store
) -> None:
    """Who can write to a shared disk still can't make an entry that is believed by accident."""
    attack(HONEST, "honest.py")
    (entry,) = fresh_store.root.glob("??/*/entry.json")
    entry.write_bytes(entry.read_bytes().replace(b'"test_accuracy":0.', b'"test_accuracy":1.'))

    again = attack(HONEST, "again.py")

    assert facts(again) == facts(alone)
    assert [t.cached for t in again.result.trainings] == [False]
