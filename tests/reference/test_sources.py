from __future__ import annotations

import gzip

import numpy as np
import pytest

from reference.datasets import sources
from reference.datasets.sources import DataSetError, locate


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep tests out of the user's cache, and Keras' cache empty."""
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setattr(sources, "_cache", lambda: cache)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("TENSORMARK_DATA", raising=False)
    sources._locate.cache_clear()
    sources._load.cache_clear()
    yield cache
    sources._locate.cache_clear()
    sources._load.cache_clear()


@pytest.fixture
def drawn(monkeypatch):
    """Make the built-in data set small, and count how often it is drawn."""
    from reference.datasets import garments

    draw, calls = garments.draw, []

    def small():
        calls.append(1)
        return draw(train=200, test=100)

    monkeypatch.setattr(garments, "draw", small)
    return calls


def save(folder, items=30):
    rng = np.random.default_rng(items)
    images = rng.integers(0, 255, (items, 28, 28), dtype=np.uint8)
    labels = np.arange(items, dtype=np.uint8) % 10
    np.savez(
        folder / "fashion_mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels
    )
    return images


def test_a_file_in_the_data_folder_comes_first(tmp_path, monkeypatch):
    images = save(tmp_path)
    monkeypatch.setenv("TENSORMARK_DATA", str(tmp_path))

    data = locate("fashion_mnist")

    assert data.source == "TENSORMARK_DATA"
    assert np.array_equal(data.load()[0][0], images)


def test_keras_own_cache_comes_second(tmp_path):
    folder = tmp_path / "keras" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    images, labels = np.arange(2 * 784).astype(np.uint8), np.array([3, 4], dtype=np.uint8)
    for half in ("train", "t10k"):
        (folder / f"{half}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(b"\0" * 16 + images.tobytes())
        )
        (folder / f"{half}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(b"\0" * 8 + labels.tobytes())
        )

    data = locate("fashion_mnist", "local")

    assert data.source == "Keras' cache"
    assert data.load()[1][0].shape == (2, 28, 28)
    assert data.load()[0][1].tolist() == [3, 4]


def test_the_look_alike_is_the_last_resort_and_drawn_once(drawn):
    first = locate("fashion_mnist", "local")
    sources._locate.cache_clear()
    second = locate("fashion_mnist", "builtin")

    assert first.source == "built-in look-alike"
    assert first == second
    assert len(drawn) == 1


def test_a_failed_download_falls_back_and_is_not_repeated(drawn, monkeypatch, capsys):
    tries = []

    def fail(*_, **__):
        tries.append(1)
        raise OSError("no network")

    monkeypatch.setattr(sources.subprocess, "run", fail)

    assert locate("fashion_mnist").source == "built-in look-alike"
    sources._locate.cache_clear()
    assert locate("fashion_mnist").source == "built-in look-alike"
    assert len(tries) == 1
    assert "set TENSORMARK_DATA" in capsys.readouterr().err


def test_other_content_has_another_fingerprint(tmp_path, monkeypatch):
    found = []
    for items in (30, 40):
        folder = tmp_path / str(items)
        folder.mkdir()
        save(folder, items)
        monkeypatch.setenv("TENSORMARK_DATA", str(folder))
        found.append(locate("fashion_mnist").fingerprint)

    assert found[0] != found[1]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_a_damaged_file_is_named_and_not_passed_over(tmp_path, monkeypatch, content):
    (tmp_path / "fashion_mnist.npz").write_bytes(content)
    monkeypatch.setenv("TENSORMARK_DATA", str(tmp_path))

    with pytest.raises(DataSetError, match=r"fashion_mnist\.npz can't be read"):
        locate("fashion_mnist")


def test_pickled_arrays_are_refused(tmp_path, monkeypatch):
    arrays = dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), np.array([{}], object))
    np.savez(tmp_path / "fashion_mnist.npz", **arrays)
    monkeypatch.setenv("TENSORMARK_DATA", str(tmp_path))

    with pytest.raises(DataSetError):
        locate("fashion_mnist")


def test_items_without_labels_are_refused(tmp_path, monkeypatch):
    images = np.zeros((3, 28, 28), np.uint8)
    labels = np.zeros(2, np.uint8)
    np.savez(
        tmp_path / "fashion_mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels
    )
    monkeypatch.setenv("TENSORMARK_DATA", str(tmp_path))

    with pytest.raises(DataSetError, match="differ in number"):
        locate("fashion_mnist")


def test_an_unknown_data_set_says_how_to_provide_it():
    with pytest.raises(DataSetError, match="set TENSORMARK_DATA"):
        locate("nosuch", "local")
