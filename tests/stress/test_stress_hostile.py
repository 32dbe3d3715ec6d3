"""Hostile input for as long as it takes: ten minutes a target, or $STRESS_SECONDS.

Prints how many inputs were tried; a find is printed with the smallest input that shows it.
"""

import os
import time

import pytest
from hostile_cases import TARGETS, attack

SECONDS = float(os.environ.get("STRESS_SECONDS", 600))


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_is_met_by_an_error_without_a_name(name, data_folder, capsys):
    tried, seed, begun = 0, 0, time.monotonic()
    while not seed or time.monotonic() - begun < SECONDS:
        seed += 1
        tried += attack(name, TARGETS[name][2], seed)
        capsys.readouterr()  # what the commands said; keep the memory flat
    with capsys.disabled():
        print(f"\n{name}: {tried} inputs in {time.monotonic() - begun:.0f} s, none unnamed")
