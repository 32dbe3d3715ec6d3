"""The gate where the truth is known: no wrong verdict without errors, and errors do reach it."""

import pandas as pd
import pytest

from helpers import codebook, gate, statements
from party_cells import trials

MEASURES, SCHEMES = codebook.load("measures"), codebook.load("rating_schemes")


def judged(made):
    readings = statements.take(pd.DataFrame(made.facts), MEASURES, SCHEMES)
    places = pd.DataFrame(made.places)
    found = gate.outcomes(readings, MEASURES, list(places["place_id"]), places=places)
    return trials.judge(found, readings, made.truth, MEASURES)


def test_one_seed_makes_one_collection_and_errors_leave_its_truth_alone():
    one, same, other = (trials.collect(4, 3, seed=seed) for seed in (5, 5, 6))
    assert one.facts == same.facts and one.facts != other.facts
    for error in trials.ERRORS:
        made = trials.collect(4, 3, error, 1.0, 5)
        assert made.truth == one.truth and made.facts != one.facts


def test_ten_thousand_pairs_without_errors_have_no_wrong_verdict():
    found = judged(trials.collect(32, 10, seed=7))
    clear = found[found["decided"]]
    assert len(found) > 10_000 and len(clear) > 1_000 and clear["quality"].sum() > 100
    assert not found["wrong"].any()


def test_every_kind_of_figure_is_tried():
    facts = pd.DataFrame(trials.collect(30, 10).facts)
    assert facts["period_end"].str.endswith("-06-30").any()
    rated = facts[facts["measure_id"].str.contains("_rated_")]
    assert {"", "members", "members_assessed", "cells_under_base"} <= set(rated["base_measure_id"])
    assert (rated["value"] == 0).any() and {"at_least", "approx"} <= set(facts["bound"])
    assert any(place["valid_from"] for place in trials.collect(30, 10).places)


def test_a_league_table_of_the_same_articles_is_wrong_where_the_gate_is_not():
    found = trials.naive(trials.collect(30, 8, seed=1))
    assert found["decided"] > 100 and found["wrong"] > found["decided"] / 50


def test_an_unknown_error_is_refused():
    with pytest.raises(ValueError, match="unknown error 'typo'"):
        trials.collect(1, 1, "typo", 0.1)
