"""Sensitivity and what to ask for: one thing changed at a time, requests that decide most first."""

import pandas as pd
import pytest
from gate_cases import FIVE, fact, five_articles, ratings

from helpers import codebook, gate, requests, statements

MEASURES = codebook.load("measures")
SCHEMES = codebook.load("rating_schemes")
CROSSWALKS = codebook.load("crosswalks")


@pytest.fixture(scope="module")
def rerun():
    return requests.sensitivity(five_articles(), MEASURES, SCHEMES, CROSSWALKS, FIVE)


def test_nothing_but_a_crosswalk_that_supposes_everything_decides_quality(rerun):
    counts, changes = rerun
    deciding = counts[counts["quality_decided"] > 0]
    (words,) = deciding["en"]
    assert words.endswith("said of the cells below base committees; gap 7")
    (one,) = changes[changes["measure_id"] == "cells_rated_not_completed"].to_dict("records")
    assert (one["before"].verdict, one["after"].verdict) == ("not_comparable", "ahead")


def test_every_setting_is_held_against_the_figures_as_printed(rerun):
    counts, changes = rerun
    assert counts["rerun"][0] == "as_printed" and counts["changed"][0] == 0
    assert counts["changed"].sum() == len(changes)
    left_out = changes[changes["en"] == "muong-lay-2019"]
    assert [one.verdict for one in left_out["before"]] == ["larger"]


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
    answer = ratings(f"{first['locality_id']}-9", "cells", (50, 200, 50, 2), 302)
    answered = statements.take(pd.concat([rows, pd.DataFrame(answer)]), MEASURES, SCHEMES)
    found = gate.decided(gate.matrix(answered, MEASURES, FIVE))
    assert found["quality_decided"] == first["decides_alone"]


def test_a_pair_with_one_side_stated_needs_one_figure_the_others_two():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    matrix = gate.matrix(taken, MEASURES, FIVE)
    needed = requests.smallest_missing(taken, MEASURES, matrix, FIVE)
    by_pair = needed.set_index(["row_id", "column_id"])["facts_needed"]
    assert by_pair["nam-dong", "kien-xuong"] == 1
    assert by_pair["yen-minh", "nam-dong"] == 2


def test_requests_name_the_successor_the_year_and_the_tiers_in_both_languages():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    missing = requests.missing_facts(taken, MEASURES, FIVE)
    places = codebook.load("localities")
    asked = requests.requests(missing, places, MEASURES, SCHEMES).set_index("locality_id")
    lay = asked.loc["muong-lay"].iloc[0]
    assert "Mường Lay" in lay["addressee_vi"] and not lay["verified"]
    assert "năm 2022" in lay["request_vi"] and "hoàn thành xuất sắc nhiệm vụ" in lay["request_vi"]
    assert "2022" in lay["request_en"] and "Cells under base committees" in lay["request_en"]


def test_nothing_stated_means_nothing_to_rank():
    taken = statements.take(pd.DataFrame([fact("a-1", "members", 5)]), MEASURES, SCHEMES)
    assert requests.missing_facts(taken, MEASURES, ["a", "b"]).empty


def test_what_a_printed_figure_leaves_open_becomes_a_question():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    asked = requests.questions(taken, MEASURES)
    assert set(asked["locality_id"]) == {"muong-lay"}
    which = asked[asked["gate_reason"] == "population"]["question_vi"]
    assert len(which) == 2 and all("2016–2018" in question for question in which)


def test_of_many_documents_a_hundred_spread_evenly_are_left_out():
    names = [f"{at:04}" for at in range(1000)]
    tried = requests.spread(names, requests.MOST_LEFT_OUT)
    assert len(tried) == 100 and tried[:3] == ["0000", "0010", "0020"] and tried[-1] == "0990"
    assert requests.spread(names[:7], requests.MOST_LEFT_OUT) == names[:7]
