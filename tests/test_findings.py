"""What the prose of the findings says of the five articles holds in the committed tables."""

import pandas as pd
import pytest

from helpers import codebook, corpus, decisions, gate, indicators, practices, statements

FIVE = ["nam-dong", "yen-minh", "muong-lay", "muong-khuong", "kien-xuong"]


@pytest.fixture(scope="module")
def facts() -> pd.DataFrame:
    return decisions.facts()


@pytest.fixture(scope="module")
def outcomes(facts) -> pd.DataFrame:
    measures, schemes = codebook.load("measures"), codebook.load("rating_schemes")
    readings, places = statements.take(facts, measures, schemes), codebook.load("localities")
    return gate.outcomes(readings, measures, FIVE, places=places)


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    codings = corpus.with_locality(decisions.codings())
    named = practices.answers(codings, codebook.load("themes")).query("status != 'overcome'")
    told = named[["done", "planned", "rule", "urged", "below"]].sum(axis=1)
    return named.assign(told=told)


def test_the_collection_is_the_five_in_the_order_of_years():
    assert corpus.localities() == FIVE


def test_no_comparison_of_quality_is_decided_and_the_triangle_adds_up(outcomes):
    count, answers = gate.decided(outcomes), gate.answers(outcomes[outcomes["quality"]])
    assert count["quality_decided"] == 0 and set(answers["answer"]) == {
        "one_sided",
        "not_comparable",
    }
    assert answers["n"].sum() == count["quality_n"]


def test_what_is_decided_is_size_within_what_each_measure_allows(outcomes):
    clear = outcomes[outcomes["verdict"].isin(gate.DECIDED)]
    assert set(clear["verdict"]) <= {"larger", "smaller"} and not clear["quality"].any()


def test_weak_criticism_is_named_in_three_articles_and_answered_in_none(answers):
    weak = answers[answers["theme_id"] == "lim_weak_criticism"]
    assert set(weak["locality_id"]) == {"nam-dong", "muong-lay", "muong-khuong"}
    assert (weak["told"] == 0).all() and (weak["same_dimension"] == 0).all()
    open_ = answers[answers["told"] == 0].value_counts("theme_id")
    assert open_.idxmax() == "lim_weak_criticism" and (open_ == open_.max()).sum() == 1


def test_the_only_practice_of_criticism_is_a_communes_and_its_article_names_no_weakness(answers):
    themes, codings = codebook.load("themes"), corpus.with_locality(decisions.codings())
    done = practices.stated(codings, themes, "practice").query("dimension == 'criticism'")
    assert set(done["locality_id"]) == {"kien-xuong"} and done["is_below"].all()
    assert set(FIVE) - set(answers["locality_id"]) == {"yen-minh", "kien-xuong"}


def test_the_one_full_rating_is_that_of_the_cells_of_kien_xuong(facts):
    measures, schemes = codebook.load("measures"), codebook.load("rating_schemes")
    tiers = indicators.tiers(statements.take(facts, measures, schemes), schemes)
    whole = indicators.distributions(tiers).query("population == 'cells'")
    assert whole["locality_id"].tolist() == ["kien-xuong"]
    said = facts[facts["place_id"] == "kien-xuong"].set_index("measure_id")["value"]
    four = [said[f"cells_rated_{t}"] for t in ("excellent", "good", "completed", "not_completed")]
    assert four == [90, 318, 38, 3] and sum(four) == said["cells_assessed"] == 449
    shares = indicators.ceiling_bases(facts, schemes).query("population == 'cells'")["amount"]
    assert [f"{share.low:.1%}" for share in shares] == ["20.0%", "22.1%", "28.3%"]


def test_the_ceiling_of_cells_is_unverified():
    schemes = codebook.load("rating_schemes").query("population == 'cells'")
    assert not schemes.dropna(subset="ceiling_share")["ceiling_verified"].any()


def test_the_claim_of_muong_lay_is_a_mean_of_three_years_under_an_expired_scheme(facts):
    claim = facts.set_index("measure_id").loc["cells_rated_tsvm"]
    assert (claim["value"], claim["bound"], claim["scheme_id"]) == (0.9, "at_least", "to-2017")
    assert (claim["period_start"][:4], claim["period_end"][:4]) == ("2016", "2018")
    assert not claim["population_stated"]
