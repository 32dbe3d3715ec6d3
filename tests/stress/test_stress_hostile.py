"""Hostile input for as long as it takes: ten minutes a target, or $STRESS_SECONDS.

Prints how many inputs were tried; a find is printed with the smallest input that shows it.
"""

import os
import time

import pytest
from hostile_cases import TARGETS, attack

from party_cells import proposer

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


REPEATED = (
    *("9", "9.", "1,", "1 ", "1%", "1/", "1-", "1.111 ", "1/1/", "(", ". ", "\n", "1\n", "x"),
    *("một ", "hai mươi ", "hai trăm ", "năm ", "quá nửa ", "trên ", "trong ", "chi bộ "),
    *("1 chi bộ, ", "trong đó có 12 chi bộ (3,4%) ", "còn hạn chế ", "không ", "Nghị quyết số "),
)


@pytest.mark.parametrize("name", ["propose", "propose_themes", "find_citations"])
def test_no_text_takes_more_than_its_length(name):
    def seconds(text: str) -> float:
        begun = time.process_time()
        getattr(proposer, name)(text)
        return time.process_time() - begun

    seconds("1 chi bộ")  # reads the terms
    for piece in REPEATED:
        short, long = (seconds(piece * (length // len(piece))) for length in (8_000, 64_000))
        assert long < 20 * max(short, 0.01), (
            f"{piece!r}: {short:.2f} s, eight times it {long:.2f} s"
        )
