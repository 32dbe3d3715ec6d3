"""The gate: its reasons, its verdicts on the five articles, and what must never change them."""

import pandas as pd
import pytest
from gate_cases import FIVE, fact, five_articles, ratings
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from helpers import bounds, codebook, gate, statements
from helpers.gate import Verdict
from helpers.statements import Reading
from party_cells import trials

MEASURES = codebook.load("measures")
SCHEMES = codebook.load("rating_schemes")


def reading(place="a", value=0.9, **changes):
    row = {
        "locality_id": place,
        "place_id": place,
        "level": "district",
        "measure_id": "cells_rated_good_or_better",
        "amount": bounds.exact(value, "share"),
        "scheme_id": "2018-2023",
        "period_start": "2022-01-01",
        "period_end": "2022-12-31",
        "base": "cells_under_base",
    }
    return Reading(**row | changes)


def matrix(rows, places=("a", "b"), **more):
    taken = statements.take(pd.DataFrame(rows), MEASURES, SCHEMES)
    return gate.matrix(taken, MEASURES, list(places), **more)


def test_the_better_of_two_exact_shares_is_ahead_and_direction_turns_it_round():
    a, b = reading(value=0.9), reading("b", 0.8)
    assert gate.verdict(a, b, "higher_better") == Verdict("ahead")
    assert gate.verdict(b, a, "higher_better") == Verdict("behind")
    assert gate.verdict(a, b, "lower_better") == Verdict("behind")
    assert gate.verdict(a, b) == Verdict("larger")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"level": "commune"}, "level"),
        ({"base": "base_cells"}, "population"),
        ({"reasons": ("population",)}, "population"),
        ({"scheme_id": "to-2017"}, "scheme"),
        ({"reasons": ("scheme",)}, "scheme"),
        ({"period_start": "2019-01-01", "period_end": "2019-12-31"}, "period_gap"),
        ({"period_start": "2020-01-01"}, "period_gap"),
        ({"period_end": ""}, "period_gap"),
        ({"status": "target"}, "status"),
        ({"place_id": "a-commune-of-b"}, "place"),
        ({"reasons": ("conflict",)}, "conflict"),
    ],
)
def test_each_reason_alone_forbids_the_comparison(changes, reason):
    answer = gate.verdict(reading(), reading("b", 0.5, **changes), "higher_better")
    assert answer == Verdict("not_comparable", (reason,))


def test_all_reasons_are_given_in_the_order_of_the_list():
    other = reading("b", level="commune", place_id="x", status="rule", scheme_id="to-2017")
    assert gate.verdict(reading(), other).reasons == ("level", "scheme", "status", "place")


def test_the_greatest_gap_of_years_is_a_parameter():
    earlier = reading("b", 0.5, period_start="2019-01-01", period_end="2019-12-31")
    assert gate.verdict(reading(), earlier, "higher_better", max_year_gap=3).verdict == "ahead"


def test_overlap_silence_and_tie_are_undecided_for_different_reasons():
    over = bounds.Bounded(0.85, 1, True, False, "share")
    a = reading(value=0.9)
    assert gate.verdict(a, reading("b", amount=over), "higher_better").reasons == ("overlap",)
    assert gate.verdict(a, None, "higher_better").reasons == ("missing",)
    assert gate.verdict(a, reading("b", 0.9), "higher_better").reasons == ("tie",)
    unknown = bounds.unknown("share", 0, 1)
    assert gate.verdict(a, reading("b", amount=unknown)).reasons == ("missing",)


def test_open_ends_that_touch_decide():
    over = bounds.Bounded(0.9, 1, True, False, "share")
    assert gate.verdict(reading(amount=over), reading("b", 0.9), "higher_better").is_decided


@pytest.mark.parametrize("facts", ["rows", "table"])
def test_on_the_five_articles_no_quality_pair_is_decided(facts):
    frame = five_articles() if facts == "rows" else codebook.load("facts")
    found = gate.matrix(statements.take(frame, MEASURES, SCHEMES), MEASURES, FIVE)
    counts = gate.decided(found)
    assert counts["quality_n"] >= 20 and counts["quality_decided"] == 0
    decided = found[[one.is_decided for one in found["verdict"]]]
    pairs = set(zip(decided["row_id"], decided["column_id"], decided["measure_id"], strict=True))
    assert ("yen-minh", "muong-lay", "base_organisations") in pairs
    assert not {measure for _, _, measure in pairs} & {"cells_under_base", "base_cells", "members"}


def test_cells_of_two_kinds_are_refused_by_name():
    found = gate.matrix(statements.take(five_articles(), MEASURES, SCHEMES), MEASURES, FIVE)
    pair = found[(found["row_id"] == "yen-minh") & (found["column_id"] == "muong-lay")]
    answer = pair.set_index("measure_id")["verdict"]
    assert answer["cells_under_base"] == Verdict("not_comparable", ("population",))


def test_ratings_of_two_schemes_say_why_they_do_not_meet():
    found = gate.matrix(statements.take(five_articles(), MEASURES, SCHEMES), MEASURES, FIVE)
    pair = found[(found["row_id"] == "muong-lay") & (found["column_id"] == "kien-xuong")]
    answer = pair.set_index("measure_id").loc["cells_rated_tsvm", "verdict"]
    assert answer.reasons == ("population", "scheme", "period_gap")
    members = found[(found["measure_id"] == "members") & (found["column_id"] == "kien-xuong")]
    assert all("place" in one.reasons or one.reasons == ("missing",) for one in members["verdict"])


def test_another_tier_of_the_same_scheme_does_not_stand_in():
    only_good = ratings("b-1", "cells", (90, 300, 38, 3), 449)
    rows = [*ratings("a-1", "cells", (90, 318, 38, 3), 449), only_good[0], only_good[2]]
    answer = matrix(rows).set_index("measure_id")["verdict"]
    assert answer["cells_rated_good_or_better"] == Verdict("undecided", ("missing",))


def test_conflicting_sources_block_the_pair_and_are_named():
    rows = [fact("a-1", "members", 900), fact("a-2", "members", 901), fact("b-1", "members", 5)]
    assert matrix(rows)["verdict"][0] == Verdict("not_comparable", ("conflict",))


def test_a_doubtful_figure_neither_blocks_nor_helps_the_clear_one_beside_it():
    clear = ratings("a-1", "cells", (90, 318, 38, 3), 449)
    clear += ratings("b-1", "cells", (10, 300, 100, 39), 449)
    doubtful = [
        row | {"population_stated": False} for row in ratings("a-2", "cells", (0, 0, 9, 0), 9)
    ]
    alone, beside = (
        {(row.measure_id, row.verdict) for row in matrix(rows).itertuples() if row.quality}
        for rows in (clear, [*clear, *doubtful[1:]])
    )
    assert alone <= beside and ("cells_rated_good_or_better", Verdict("ahead")) in beside


def test_each_pair_of_periods_has_its_own_verdict():
    said = (("a", 2015, 10), ("a", 2020, 30), ("b", 2015, 20), ("b", 2020, 20))
    rows = [fact(f"{p}-{y}", "members", n, f"{y}-12-31") for p, y, n in said]
    found = matrix(rows)
    assert [one.verdict for one in found["verdict"]] == ["smaller", "larger"]
    assert list(found["row_period"]) == ["2015", "2020"]


def test_summary_counts_each_pair_and_indicator_once():
    rows = ratings("a-1", "cells", (90, 318, 38, 3), 449)
    rows += ratings("b-1", "cells", (10, 300, 100, 39), 449)
    found = matrix(rows)
    (row,) = gate.summary(found).to_dict("records")
    assert row["verdict"] == Verdict("ahead")
    assert (row["quality_n"], row["quality_decided"]) == (2, 2)
    assert gate.decided(found)["plain_n"] == row["plain_n"]


def test_a_collection_without_facts_has_nothing_to_compare():
    found = gate.matrix(statements.take(five_articles().head(0), MEASURES, SCHEMES), MEASURES, FIVE)
    assert set(gate.decided(found).values()) == {0} and gate.summary(found).empty


def test_what_is_not_stated_is_the_whole_range():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    sets = gate.identified_sets(taken, "cells_rated_good_or_better", FIVE).set_index("locality_id")
    assert (sets.loc["nam-dong", "amount"].low, sets.loc["nam-dong", "amount"].high) == (0, 1)
    assert list(sets["stated"]) == [False, False, False, False, True]


def test_change_is_judged_within_one_locality_and_scheme():
    rows = ratings("a-2021", "cells", (90, 221, 38, 3), 449, 2021)
    rows += ratings("a-2022", "cells", (90, 222, 38, 3), 449, 2022)
    rows += ratings("a-2023", "cells", (90, 223, 38, 3), 449, 2023, "2023-2025")
    taken = statements.take(pd.DataFrame(rows), MEASURES, SCHEMES)
    found = gate.changes(taken, MEASURES)
    better = found[found["measure_id"] == "cells_rated_good_or_better"]
    assert [one.verdict for one in better["verdict"]] == ["ahead"]
    assert list(better["later"]) == ["2022"]


def test_a_crosswalk_is_a_scenario_and_leaves_the_readings_alone():
    taken = statements.take(five_articles(), MEASURES, SCHEMES)
    before = taken.copy()
    scenario = codebook.load("crosswalks").query("scenario_id == 'tsvm-is-good-or-better'")
    read = gate.across(taken, scenario)
    moved = read[(read["locality_id"] == "muong-lay") & (read["scheme_id"] == "2018-2023")]
    assert set(moved["measure_id"]) == {"cells_rated_good_or_better", "cells_rated_not_completed"}
    assert all(reasons == ("population",) for reasons in moved["reasons"])
    pd.testing.assert_frame_equal(taken, before)


# Metamorphic: collections of a few articles, drawn at random.

COUNTS = st.sampled_from(("members", "base_organisations", "cells_under_base", "base_cells"))


@st.composite
def facts_of_articles(draw):
    """Facts of a few articles: counts, bounds, ratings, several articles a year, doubts."""
    rows = []
    for at in range(draw(st.integers(2, 6))):
        place = draw(st.sampled_from("abc"))
        year = draw(st.sampled_from((2017, 2020, 2021)))
        document_id = f"{place}-{at}"
        for measure_id in draw(st.sets(COUNTS, max_size=3)):
            bound = draw(st.sampled_from(("exact", "at_least", "at_most", "approx")))
            value = draw(st.integers(1, 6)) * 10
            rows.append(fact(document_id, measure_id, value, f"{year}-12-31", bound=bound))
        if draw(st.booleans()):
            counts = draw(st.lists(st.integers(0, 9), min_size=4, max_size=4))
            scheme = draw(st.sampled_from(("2018-2023", "2023-2025")))
            rated = ratings(document_id, "cells", counts, sum(counts) or 1, year, scheme)
            whole = rated[0] | {"measure_id": "cells_assessed"} | {"fact_id": document_id + ".w"}
            for row in rated[1:]:
                row["base_measure_id"] = draw(st.sampled_from((None, "cells_under_base")))
                row["population_stated"] = draw(st.sampled_from((True, True, False)))
            rows += [*rated, whole][draw(st.integers(0, 1)) :]
    assume(len(rows) > 1)
    unique = {row["fact_id"]: row for row in rows}
    return pd.DataFrame(list(unique.values()))


def answers(facts, places="abc"):
    """The decided verdicts by pair, measure and periods; None if sources conflict."""
    taken = statements.take(facts, MEASURES, SCHEMES)
    if any("conflict" in reasons for reasons in taken["reasons"]):
        return None
    found = gate.matrix(taken, MEASURES, list(places))
    keys = ["row_id", "column_id", "measure_id", "row_period", "column_period"]
    rows = zip(*(found[key] for key in keys), found["verdict"], strict=True)
    return {(*key, one.verdict) for *key, one in rows if one.is_decided}


slow_start = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


@slow_start
@given(facts_of_articles(), st.data())
def test_removing_a_fact_never_strengthens_a_verdict(facts, data):
    before = answers(facts)
    assume(before is not None)
    gone = data.draw(st.integers(0, len(facts) - 1))
    assert answers(facts.drop(index=facts.index[gone])) <= before


@slow_start
@given(facts_of_articles(), st.randoms(use_true_random=False))
def test_the_order_of_articles_changes_nothing(facts, random):
    order = list(facts.index)
    random.shuffle(order)
    shuffled = facts.loc[order].reset_index(drop=True)
    one, other = (statements.take(frame, MEASURES, SCHEMES) for frame in (facts, shuffled))
    pd.testing.assert_frame_equal(one, other)


@slow_start
@given(facts_of_articles())
def test_hiding_a_locality_changes_no_other_pair(facts):
    taken = statements.take(facts, MEASURES, SCHEMES)
    hidden = statements.take(facts[facts["locality_id"] != "c"], MEASURES, SCHEMES)
    whole = gate.matrix(taken, MEASURES, list("abc"))
    kept = whole[(whole["row_id"] == "a") & (whole["column_id"] == "b")].reset_index(drop=True)
    alone = gate.matrix(hidden, MEASURES, list("ab"))
    assert kept.to_dict("records") == alone.to_dict("records")


@slow_start
@given(facts_of_articles())
def test_the_verdict_from_the_other_side_is_the_opposite(facts):
    taken = statements.take(facts, MEASURES, SCHEMES)
    forth, back = (gate.matrix(taken, MEASURES, places) for places in (["a", "b"], ["b", "a"]))
    key = ["measure_id", "row_period", "column_period"]
    turned = back.rename(columns={"row_period": "column_period", "column_period": "row_period"})

    def decided(frame):
        rows = zip(*(frame[name] for name in key), frame["verdict"], strict=True)
        return {(*rest, one.verdict) for *rest, one in rows if one.is_decided}

    assert decided(forth) == {(*rest, gate.OPPOSITE[one]) for *rest, one in decided(turned)}


KEY = ["row_id", "column_id", "measure_id"]


@slow_start
@given(facts_of_articles(), st.sampled_from((0, 1, 4)))
def test_the_outcome_of_a_comparison_is_what_most_can_be_said_of_it(facts, gap):
    taken = statements.take(facts, MEASURES, SCHEMES)
    found, all_rows = (
        each(taken, MEASURES, list("abc"), max_year_gap=gap)
        for each in (gate.outcomes, gate.matrix)
    )
    by_key = {key: list(rows["verdict"]) for key, rows in all_rows.groupby(KEY, sort=False)}
    assert list(zip(*(found[k] for k in KEY), strict=True)) == list(by_key)
    for verdict, said in zip(found["verdict"], by_key.values(), strict=True):
        assert verdict in said
        assert verdict.is_decided == any(one.is_decided for one in said)
    assert gate.decided(found) == gate.decided(all_rows)


def test_of_several_years_the_newest_decides():
    said = (("a", 2015, 10), ("a", 2020, 30), ("b", 2015, 20), ("b", 2020, 20))
    rows = [fact(f"{p}-{y}", "members", n, f"{y}-12-31") for p, y, n in said]
    taken = statements.take(pd.DataFrame(rows), MEASURES, SCHEMES)
    (one,) = gate.outcomes(taken, MEASURES, ["a", "b"]).to_dict("records")
    assert [one["verdict"].verdict, one["row_period"], one["column_period"]] == [
        *("larger", "2020", "2020")
    ]
    assert (one["row_amount"].low, one["column_amount"].low) == (30, 20)


def test_the_outcomes_of_the_five_articles_are_their_matrix():
    taken = statements.take(codebook.load("facts"), MEASURES, SCHEMES)
    both = [each(taken, MEASURES, FIVE).astype(object) for each in (gate.outcomes, gate.matrix)]
    pd.testing.assert_frame_equal(*both)


def test_ten_thousand_pairs_without_errors_have_no_wrong_verdict():
    made = trials.collect(60, 10, seed=20260101)
    taken = statements.take(made.frame("facts"), MEASURES, SCHEMES)
    quality = taken[taken["measure_id"].str.match("cells_rated_(good_or_better|tsvm|weak|not_)")]
    found = gate.matrix(quality, MEASURES, list(made.frame("localities")["place_id"]))
    judged = trials.judge(found, made.frame("truth"), MEASURES)
    assert judged["pairs"].sum() > 10_000 and judged["decided"].sum() > 5_000
    assert judged["wrong"].sum() == 0


@pytest.mark.parametrize("kind", ["misprint", "rounding", "stale"])
def test_injected_errors_do_reach_the_verdicts(kind):
    made = trials.collect(20, 4, {kind: 0.5}, seed=3)
    taken = statements.take(made.frame("facts"), MEASURES, SCHEMES)
    found = gate.matrix(taken, MEASURES, list(made.frame("localities")["place_id"]))
    assert trials.judge(found, made.frame("truth"), MEASURES)["wrong"].sum() > 0
