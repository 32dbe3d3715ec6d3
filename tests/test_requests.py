"""What to ask for: the requests that decide most first."""

import pandas as pd
from gate_cases import FIVE, five_articles, ratings

from helpers import codebook, gate, requests, statements

MEASURES = codebook.load("measures")
SCHEMES = codebook.load("rating_schemes")


def test_the_first_request_decides_most_and_each_row_says_how_much_so_far():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    missing = requests.missing_facts(taken, MEASURES, FIVE)
    assert list(missing["rank"]) == list(range(1, len(missing) + 1))
    assert missing["decides_alone"][0] == missing["decides_alone"].max() == 2
    assert missing["decided_so_far"].is_monotonic_increasing
    four = missing[missing["asked"] == "cells_rated"]
    assert list(four["decided_so_far"]) == [2, 6, 12, 20]  # two indicators x 1, 3, 6, 10 pairs


def test_a_request_that_is_answered_decides_what_was_promised():
    rows = five_articles()
    taken = statements.take(rows, MEASURES, SCHEMES)
    first = requests.missing_facts(taken, MEASURES, FIVE).iloc[0]
    answer = ratings(f"{first['locality_id']}-9", "cells", (50, 200, 50, 20), 320)
    answered = statements.take(pd.concat([rows, pd.DataFrame(answer)]), MEASURES, SCHEMES)
    found = gate.decided(gate.outcomes(answered, MEASURES, FIVE))
    assert found["quality_decided"] == first["decides_alone"]


def test_a_pair_with_one_side_stated_needs_one_figure_the_others_two():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    matrix = gate.outcomes(taken, MEASURES, FIVE)
    needed = requests.smallest_missing(taken, MEASURES, matrix)
    by_pair = needed.set_index(["row_id", "column_id"])["facts_needed"]
    assert by_pair["nam-dong", "kien-xuong"] == 1
    assert by_pair["yen-minh", "nam-dong"] == 2


def test_requests_name_the_successor_the_year_and_the_tiers_in_both_languages():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    missing = requests.missing_facts(taken, MEASURES, FIVE)
    places = codebook.load("localities")
    asked = requests.requests(missing, places, MEASURES, SCHEMES).set_index("locality_id")
    lay = asked.loc["muong-lay"].iloc[0]
    assert "Mường Lay" in lay["successor_vi"] and not lay["verified"]
    assert "năm 2022" in lay["request_vi"] and "hoàn thành xuất sắc nhiệm vụ" in lay["request_vi"]
    words = lay["request_en"]
    assert "2022" in words and "Cells under grassroots Party committees" in words


def test_what_a_printed_figure_leaves_open_becomes_a_question():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    asked = requests.questions(taken, MEASURES)
    assert set(asked["locality_id"]) == {"muong-lay"}
    which = asked[asked["gate_reason"] == "population"]["question_vi"]
    assert len(which) == 2 and all("2016–2018" in question for question in which)
