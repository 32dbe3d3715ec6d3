"""What the prose of the findings says of the five articles holds in the committed tables."""

import pandas as pd
import pytest

from helpers import codebook, corpus, decisions, gate, indicators, practices, statements

FIVE = ["nam-dong", "yen-minh", "muong-lay", "muong-khuong", "kien-xuong"]
FACTS, CODINGS = decisions.facts(), corpus.with_locality(decisions.codings())
MEASURES, SCHEMES, THEMES = map(codebook.load, ("measures", "rating_schemes", "themes"))
READINGS = statements.take(FACTS, MEASURES, SCHEMES)


@pytest.fixture(scope="module")
def outcomes() -> pd.DataFrame:
    return gate.outcomes(READINGS, MEASURES, FIVE, places=codebook.load("localities"))


def test_the_collection_is_the_five_in_the_order_of_years():
    assert corpus.localities() == FIVE


def test_no_comparison_of_quality_is_decided_and_what_is_decided_is_size(outcomes):
    count, answers = gate.decided(outcomes), gate.answers(outcomes[outcomes["quality"]])
    assert count["quality_decided"] == 0 and answers["n"].sum() == count["quality_n"]
    assert set(answers["answer"]) == {"one_sided", "not_comparable"}
    clear = outcomes[outcomes["verdict"].isin(gate.DECIDED)]
    assert set(clear["verdict"]) <= {"larger", "smaller"} and not clear["quality"].any()


def test_weak_criticism_is_named_in_three_articles_and_answered_in_none():
    answers = practices.answers(CODINGS, THEMES).query("status != 'overcome'")
    weak = answers[answers["theme_id"] == "lim_weak_criticism"]
    assert set(weak["locality_id"]) == {"nam-dong", "muong-lay", "muong-khuong"}
    assert (weak["remedy_ids"] == "").all() and (weak["same_dimension"] == 0).all()
    open_ = answers.query("remedy_ids == ''")["theme_id"]
    assert open_.mode().tolist() == ["lim_weak_criticism"]
    done = practices.stated(CODINGS, THEMES, "practice").query("dimension == 'criticism'")
    assert set(done["locality_id"]) == {"kien-xuong"} and done["is_below"].all()
    assert set(FIVE) - set(answers["locality_id"]) == {"yen-minh", "kien-xuong"}


def test_the_one_full_rating_is_that_of_the_cells_of_kien_xuong():
    tiers = indicators.tiers(READINGS, SCHEMES)
    whole = indicators.distributions(tiers).query("population == 'cells'")
    assert whole["locality_id"].tolist() == ["kien-xuong"]
    said = FACTS[FACTS["place_id"] == "kien-xuong"].set_index("measure_id")["value"]
    four = [said[f"cells_rated_{t}"] for t in ("excellent", "good", "completed", "not_completed")]
    assert four == [90, 318, 38, 3] and sum(four) == said["cells_assessed"] == 449
    bases = indicators.ceiling_bases(FACTS, SCHEMES).query("population == 'cells'")
    assert [f"{share.low:.1%}" for share in bases["amount"]] == ["20.0%", "22.1%", "28.3%"]
    assert not bases["ceiling_verified"].any()


def test_the_claim_of_muong_lay_is_a_mean_of_three_years_under_an_expired_scheme():
    claim = FACTS.set_index("measure_id").loc["cells_rated_tsvm"]
    assert (claim["value"], claim["bound"], claim["scheme_id"]) == (0.9, "at_least", "to-2017")
    assert (claim["period_start"][:4], claim["period_end"][:4]) == ("2016", "2018")
    assert not claim["population_stated"]
