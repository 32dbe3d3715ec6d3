"""Readings: printed numbers, shares of their base, derived figures, conflicts; what is refused."""

import math

import pandas as pd
import pytest
from gate_cases import fact, five_articles, ratings

from helpers import bounds, codebook, statements
from helpers.statements import FactsInvalid

MEASURES = codebook.load("measures")
SCHEMES = codebook.load("rating_schemes")
DOCUMENTS = pd.DataFrame({"document_id": ["a-1", "b-1"], "locality_id": ["a", "b"]})
DOCUMENTS["published_date"] = "2023-03-05"


def take(rows, **more):
    return statements.take(pd.DataFrame(rows), MEASURES, SCHEMES, **more)


def amount(frame, measure_id, place=None):
    found = frame[frame["measure_id"] == measure_id]
    found = found if place is None else found[found["place_id"] == place]
    (only,) = bounds.column(found)
    return only


def test_discipline_of_an_open_list_is_a_lower_bound():
    taken = take(five_articles().to_dict("records"))
    cases, rate = (amount(taken, f"discipline_cases{end}") for end in ("", "_per_1000_year"))
    assert (cases.low, cases.high) == (50, math.inf)
    assert rate.low == pytest.approx(50 * 1000 / 1742 / 5.86, abs=0.001) and len(rate.facts) == 4


def test_members_in_the_population_need_a_rounding_convention_to_have_a_bound():
    rows = five_articles().to_dict("records")
    share = amount(take(rows), "members_share_of_population")
    assert (share.low, share.high) == (0, 1)
    rounded = amount(take(rows, rounding="next_step"), "members_share_of_population")
    assert (rounded.low, rounded.high) == pytest.approx((3550 / 67000, 3560 / 66000))


def test_a_label_that_the_scheme_in_force_does_not_know_is_shown_and_kept():
    taken = take(five_articles().to_dict("records")).set_index("measure_id")
    assert taken.loc["cells_rated_tsvm", "reasons"] == "population|scheme"
    assert taken.loc["members_rated_completed_or_better", "reasons"] == "scheme"


def test_sources_that_agree_are_narrowed_and_sources_that_conflict_are_kept_whole():
    near = fact("a-2", "members", 1800, bound="at_most")
    agree = take([fact("a-1", "members", 1742), near])
    assert amount(agree, "members").value == 1742 and agree["reasons"][0] == ""
    conflict = take([fact("a-1", "members", 1742), fact("a-2", "members", 1724)])
    assert (amount(conflict, "members").low, amount(conflict, "members").high) == (1724, 1742)
    assert conflict["reasons"][0] == "conflict" and conflict["documents"][0] == "a-1|a-2"


def test_two_rules_with_one_measure_stay_two():
    rule = {"unit": "per_year", "bound": "at_least", "status": "rule"}
    rows = [fact("a-1", "officer_attendance_frequency", n, char_start=n, **rule) for n in (4, 6)]
    assert len(take(rows)) == 2


def test_good_facts_pass_the_check():
    facts = pd.DataFrame(ratings("a-1", "cells", (90, 318, 38, 3), 449))
    assert statements.check_facts(facts, MEASURES, SCHEMES, DOCUMENTS) is facts


SHARE = {"unit": "share", "scheme_id": "2018-2023"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (fact("a-1", "members", 5, value_low=6, value_high=4), "hold no number"),
        (fact("a-1", "members", 5, value_low=7, value_high=9), "outside"),
        (fact("a-1", "members", -5), "negative: -5"),
        (fact("a-1", "cells_rated_good", 1.2, **SHARE), "at most 1"),
        (fact("a-1", "cells_rated_tsvm", 0.9, **SHARE), "tier rated_tsvm is not one of"),
        (fact("a-1", "cells_rated_good", 3, scheme_id="2099"), "no scheme '2099' for cells"),
        (fact("a-1", "cells_rated_good", 3), "no scheme ''"),
        (fact("a-1", "members", 3, scheme_id="2018-2023"), "no rating"),
        (fact("a-1", "members", 3, "2024-01-01"), "after publication on 2023-03-05"),
        (fact("a-1", "members", 3, locality_id="b"), "of b, but the article is about a"),
    ],
)
def test_bad_facts_are_refused_with_the_row_named(row, said):
    good = fact("b-1", "members", 10)
    with pytest.raises(FactsInvalid, match=r"a-1\.0\.") as refused:
        statements.check_facts(pd.DataFrame([good, row]), MEASURES, SCHEMES, DOCUMENTS)
    (problem,) = refused.value.rows["problem"]
    assert said in problem


def test_a_plan_may_begin_after_publication_and_admissions_may_exceed_it():
    rows = [
        fact("a-1", "members_admitted", 30, "2024-12-31", status="target"),
        fact("a-1", "members_admitted_target_completion", 1.02, unit="share"),
    ]
    statements.check_facts(pd.DataFrame(rows), MEASURES, SCHEMES, DOCUMENTS)
