"""The gate: hand-made pairs of articles with the verdict a careful statistician gives, and why.

`gate_cases.csv` has one pair a row. An article is facts separated by ";", each a measure, a number
(65%, >90%, <300, ~100, 449), a period (2022, 2022-H1, 2022-Q3, a day, or two days with "..") and
columns of facts.csv as name=value; "rated cells 90/318/38/3 449" is a whole distribution.
"""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import codebook, gate, statements
from party_cells import trials

MEASURES = codebook.load("measures")
SCHEMES = codebook.load("rating_schemes")
CASES = pd.read_csv("tests/gate_cases.csv", dtype=str, keep_default_na=False).to_dict("records")
TIERS = ("excellent", "good", "completed", "not_completed")
SHORT = {"base": "base_measure_id", "scheme": "scheme_id", "kind": "period_kind"}
PARTS = {"H1": ("01-01", "06-30"), "H2": ("07-01", "12-31"), "Q1": ("01-01", "03-31")}
PARTS |= {"Q2": ("04-01", "06-30"), "Q3": ("07-01", "09-30"), "Q4": ("10-01", "12-31")}
OPPOSITE = {"ahead": "behind", "behind": "ahead", "larger": "smaller", "smaller": "larger"}
BOUNDS = {"": "exact", ">": "at_least", "<": "at_most", "~": "approx"}
MIXED = "members 900 2022-12-31; rated cells 90/318/38/3 449 2022"


def facts(article: str, place: str) -> list[dict]:
    """The rows of facts.csv that a cell of the cases stands for."""
    rows = []
    for item in filter(None, map(str.strip, article.split(";"))):
        measure, *rest = item.split()
        if measure != "rated":
            rows.append(row(measure, *rest, place=place))
            continue
        population, counts, whole, period, *more = rest
        base = next((one[5:] for one in more if one.startswith("base=")), "cells_under_base")
        rows.append(row(base, whole, period[:4] + "-12-31", place=place))
        for tier, count in zip(TIERS, counts.split("/"), strict=True):
            if count != "-":
                named = f"{population}_rated_{tier}"
                rows.append(row(named, count, period, f"base={base}", *more, place=place))
    return rows


def row(measure: str, number: str, period: str, *more: str, place: str) -> dict:
    sign, digits, percent = re.fullmatch(r"([<>~]?)([\d.,/]+)(%?)", number).groups()
    value = float(digits.replace(",", ".")) / (100 if percent else 1)
    columns = {SHORT.get(key, key): said for key, said in (one.split("=") for one in more)}
    article = columns.pop("article", "1")
    scheme = "2018-2023" if "_rated_" in measure else ""
    return {
        "fact_id": f"{place}-{article}.{measure}.{number}.{period}",
        "document_id": f"{place}-{article}", "locality_id": place, "place_id": place,
        "level": "district", "measure_id": measure, "value": value, "number_text": digits,
        "unit": "share" if percent else "count", "bound": BOUNDS[sign],
        "low_open": sign == ">", "high_open": sign == "<", "scheme_id": scheme,
    } | dict(zip(("period_start", "period_end"), days(period), strict=True)) | columns  # fmt: skip


def days(period: str) -> tuple[str, str]:
    """The first and the last day of a period."""
    if ".." in period:
        return tuple(period.split(".."))
    if re.fullmatch(r"\d{4}-[HQ]\d", period):
        return tuple(f"{period[:5]}{day}" for day in PARTS[period[5:]])
    return (f"{period}-01-01", f"{period}-12-31") if len(period) == 4 else (period, period)


def outcomes(*articles: str, **more) -> pd.DataFrame:
    names = "abcdefgh"[: len(articles)]
    rows = [fact for name, said in zip(names, articles, strict=True) for fact in facts(said, name)]
    table = pd.DataFrame(rows, columns=None if rows else statements.FACT)
    taken = statements.take(table, MEASURES, SCHEMES)
    return gate.outcomes(taken, MEASURES, list(names), **more)


def options(said: str) -> dict:
    """What a case asks for besides: a gap of years, a scenario, the days of a place."""
    found = dict(one.split("=") for one in said.split())
    more = {"max_year_gap": int(found["gap"])} if "gap" in found else {}
    if "scenario" in found:
        more["crosswalk"] = codebook.load("crosswalks").query("scenario_id == @found['scenario']")
    if "from" in found or "to" in found:
        days = {"valid_from": found.get("from", ""), "valid_to": found.get("to", "")}
        places = [{"place_id": name, "level": "district"} | days for name in "ab"]
        more["places"] = pd.DataFrame(places)
    return more


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_pair_of_articles_gets_the_verdict_of_a_careful_statistician(case):
    for sides, verdict in (("ab", case["verdict"]), ("ba", OPPOSITE.get(case["verdict"]))):
        found = outcomes(*(case[side] for side in sides), **options(case["options"]))
        own = found[found["measure_id"] == case["measure_id"]]
        said = [(one.verdict, one.reasons) for one in own.itertuples()]
        assert said == [(verdict or case["verdict"], case["reasons"])], case["why"]


def test_the_table_of_cases_is_large_and_tries_every_word():
    assert len(CASES) >= 100 and all(case["why"] for case in CASES)
    said = {reason for case in CASES for reason in case["reasons"].split("|")}
    assert {*gate.REASONS, *gate.OPEN} <= said
    assert {*gate.DECIDED, "undecided", "not_comparable"} <= {one["verdict"] for one in CASES}


# On invented articles without errors, whatever they are


def judged(rows: list[dict], made: trials.Collection, names: list[str]) -> tuple:
    """The outcomes of some facts, by pair, measure and periods, and whether each is wrong."""
    places = pd.DataFrame(made.places)
    taken = statements.take(pd.DataFrame(rows), MEASURES, SCHEMES)
    found = gate.outcomes(taken, MEASURES, names, places=places)
    key = ["row_id", "column_id", "measure_id", "row_period", "column_period"]
    wrong = trials.judge(found, taken, made.truth, MEASURES)["wrong"]
    return found.astype({name: str for name in key}).set_index(key), wrong


@given(seed=st.integers(0, 999), data=st.data())
@settings(max_examples=12, deadline=None)
def test_a_fact_less_flips_nothing_and_decides_nothing_wrongly(seed, data):
    made = trials.collect(4, 2, seed=seed)
    names = [place["place_id"] for place in made.places]
    left = data.draw(st.lists(st.sampled_from(range(len(made.facts))), max_size=3, unique=True))
    rows = [row for at, row in enumerate(made.facts) if at not in left]
    (all_, _), (fewer, wrong) = judged(made.facts, made, names), judged(rows, made, names)
    assert not wrong.any()
    both = pd.concat({"all": all_["verdict"], "fewer": fewer["verdict"]}, axis=1, join="inner")
    both = both[both.isin(gate.DECIDED).all(axis=1)].astype(str)
    assert (both["all"] == both["fewer"]).all()


@given(seed=st.integers(0, 999), data=st.data())
@settings(max_examples=8, deadline=None)
def test_the_order_of_articles_and_a_locality_nobody_asks_for_change_nothing(seed, data):
    made = trials.collect(4, 2, "contradiction", 0.5, seed)
    names = [place["place_id"] for place in made.places]
    before, _ = judged(made.facts, made, names)
    hidden, rows = data.draw(st.sampled_from(names)), data.draw(st.permutations(made.facts))
    rows = [row for row in rows if row["locality_id"] != hidden]
    after, _ = judged(rows, made, [name for name in names if name != hidden])
    of_others = before[[hidden not in key[:2] for key in before.index]]
    shown = ["verdict", "reasons", "row_low", "row_high", "column_low", "column_high", "drift"]
    shown += ["days_apart", "units_to_reverse"]
    pd.testing.assert_frame_equal(of_others[shown], after[shown], check_categorical=False)
