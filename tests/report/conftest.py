from __future__ import annotations

import pytest

from graders.result import Result

from . import samples


@pytest.fixture
def full_marks() -> Result:
    return samples.make_full_marks()


@pytest.fixture
def losses() -> Result:
    return samples.make_losses()


@pytest.fixture
def unusable() -> Result:
    return samples.make_unusable()


@pytest.fixture
def hostile() -> Result:
    return samples.make_hostile()


@pytest.fixture
def classroom() -> list[Result]:
    return samples.make_class()
