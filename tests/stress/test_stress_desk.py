"""The long runs of the desk: a thousand kills while saving, eight hands with a thousand each."""

import pytest
from desk_cases import (
    decide_at_once,
    desk_folder,  # noqa: F401
    expected_at_once,
    kill_while_saving,
)

from party_cells import desk

pytestmark = pytest.mark.usefixtures("desk_folder")


def test_a_thousand_kills_leave_the_old_file_or_the_new():
    assert len(kill_while_saving(desk.texts(), 1000, seed=2)) >= 1000


def test_eight_times_a_thousand_decisions_lose_nothing():
    assert decide_at_once(desk.texts(), 8, 1000) == expected_at_once(8, 1000)
