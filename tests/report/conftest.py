from __future__ import annotations

import pytest

from graders.result import Result
from tests.builders.hostile import make_hostile
from tests.builders.samples import make_class, make_full_marks, make_losses, make_unusable


@pytest.fixture
def full_marks() -> Result:
    return make_full_marks()


@pytest.fixture
def losses() -> Result:
    return make_losses()


@pytest.fixture
def unusable() -> Result:
    return make_unusable()


@pytest.fixture
def hostile() -> Result:
    return make_hostile()


@pytest.fixture
def classroom() -> list[Result]:
    return make_class()
