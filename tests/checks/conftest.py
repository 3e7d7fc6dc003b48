from __future__ import annotations

import pytest

from reference.datasets import DataSet
from tests.builders.fashion_cnn import LABELS, labelled


@pytest.fixture(scope="package")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """The data set that runs of fashion_cnn are said to have seen."""
    return labelled(tmp_path_factory.mktemp("data"), LABELS)
