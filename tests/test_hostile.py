"""A few hostile inputs for everything that reads what people or the web wrote."""

import pytest
from hostile_cases import TARGETS, attack


@pytest.mark.parametrize("name", TARGETS)
def test_any_input_is_understood_or_refused_by_name(name, data_folder):
    assert attack(name) >= 1
