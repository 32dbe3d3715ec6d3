"""The audit finds what is planted, and says of the rest why it cannot be tested."""

import pandas as pd
import pytest

from party_cells import audit, desk

SCHEMES = pd.DataFrame(
    {
        "scheme_id": ["2018-2023"],
        "population": ["cells"],
        "tiers": ["rated_excellent > rated_good > rated_completed > rated_not_completed"],
    }
)


def fact(measure: str, value: float, text: str = "", **columns) -> dict:
    """One exact fact of a town at one date; ``columns`` overrides anything."""
    row = {
        "fact_id": f"a.{len(measure)}.{measure}",
        "document_id": "a",
        "place_id": "town",
        "measure_id": measure,
        "value": value,
        "value_low": value,
        "low_open": False,
        "value_high": value,
        "high_open": False,
        "bound": "exact",
        "unit": "count",
        "base_measure_id": None,
        "scheme_id": None,
        "period_start": "2019-12-04",
        "period_end": "2019-12-04",
        "period_kind": "as_of",
        "status": "actual",
        "number_text": text or f"{value:.0f}",
    }
    return row | columns


def above(measure: str, value: float, text: str, **columns) -> dict:
    open_end = {"value_low": value, "low_open": True, "value_high": None, "high_open": None}
    return fact(measure, value, text, bound="at_least") | open_end | columns


def share(measure: str, value: float, text: str, base: str | None, **columns) -> dict:
    return fact(measure, value, text, unit="share", base_measure_id=base) | columns


def verdicts(*facts: dict) -> dict[str, str]:
    found = audit.findings(pd.DataFrame(facts), SCHEMES)
    return dict(zip(found["audit_test"], found["audit_verdict"], strict=True))


TIERS = SCHEMES["tiers"][0].split(" > ")
RATED = [
    fact(f"cells_{tier}", count, scheme_id="2018-2023")
    for tier, count in zip(TIERS, (90, 318, 38, 3), strict=True)
]


@pytest.mark.parametrize(
    ("facts", "test", "verdict"),
    [
        ([("base_organisations", 35), ("base_committees", 5), ("base_cells", 30)], "parts", True),
        ([("base_organisations", 36), ("base_committees", 5), ("base_cells", 30)], "parts", False),
        ([("base_organisations", 36), ("base_committees", 5)], "parts", True),
        ([("base_organisations", 4), ("base_committees", 5)], "parts", False),
        ([("villages", 90), ("villages_with_own_cell", 91)], "part_of_whole", False),
        ([("communes", 16), ("communes", 18)], "restated", "conflict"),
    ],
)
def test_parts_and_wholes(facts, test, verdict):
    expected = {True: "consistent", False: "impossible"}.get(verdict, verdict)
    assert verdicts(*(fact(*each) for each in facts))[test] == expected


def test_one_figure_in_two_articles_is_compared_and_in_one_article_only_if_it_clashes():
    elsewhere = fact("communes", 16, document_id="b")
    assert verdicts(fact("communes", 16), elsewhere) == {"restated": "consistent"}
    assert verdicts(fact("communes", 18), elsewhere) == {"restated": "conflict"}
    assert verdicts(above("meetings_attended", 4, "4"), above("meetings_attended", 6, "6")) == {}


def test_tiers_of_one_scheme_add_up_to_the_cells_assessed():
    assert verdicts(*RATED, fact("cells_assessed", 449))["parts"] == "consistent"
    assert verdicts(*RATED, fact("cells_assessed", 450))["parts"] == "impossible"


def test_a_total_of_another_date_is_no_test():
    later = fact("cells_under_base", 455, period_start="2023-03-05", period_end="2023-03-05")
    assert verdicts(*RATED, later)["parts"] == "not_testable"


def test_a_share_that_no_count_of_the_base_gives_is_impossible():
    base = fact("members_assessed", 1142, "1.142")
    planted = share("members_rated_not_completed", 0.0028, "0,28", "members_assessed")
    assert verdicts(base, planted)["grim"] == "impossible"
    possible = share("members_rated_not_completed", 0.0026, "0,26", "members_assessed")
    assert verdicts(base, possible)["grim"] == "consistent"


@pytest.mark.parametrize(
    "changed",
    [
        {"base_measure_id": None},
        {"period_start": "2016-01-01", "period_end": "2018-12-31", "period_kind": "mean_of_years"},
        {"period_start": "2018-01-01", "period_end": "2018-12-31"},
        {"base_measure_id": "members_assessed"},
    ],
    ids=["base not stated", "mean of years", "another date", "base not counted"],
)
def test_the_granularity_test_needs_the_base_and_its_date(changed):
    """0.28 per cent of 1,142 members is no whole number, but nobody says it is of them."""
    printed = share("members_rated_not_completed", 0.0028, "0,28", "members") | changed
    assert verdicts(fact("members", 1142, "1.142"), printed)["grim"] == "not_testable"


def test_a_bound_is_no_number_to_test():
    printed = above("cells_rated_excellent", 0.9, "90", unit="share", base_measure_id="cells")
    assert verdicts(fact("cells", 30), printed)["grim"] == "not_testable"


def test_the_count_beside_the_share_is_the_one_that_is_tested():
    base, count = fact("cells_assessed", 318), fact("cells_four_good", 58)
    right = share("cells_four_good", 0.182, "18,2", "cells_assessed")
    wrong = share("cells_four_good", 0.186, "18,6", "cells_assessed")
    assert verdicts(base, count, right)["grim"] == "consistent"
    assert verdicts(base, count, wrong)["grim"] == "impossible"


def test_a_ratio_of_bounds_is_read_to_the_next_step_and_says_so():
    stated = above("members_share_of_population", 0.053, "5,3", unit="share")
    facts = [above("members", 3550, "3.550"), above("population", 66000, "66.000")]
    found = audit.findings(pd.DataFrame([stated, *facts]), SCHEMES).set_index("audit_test")
    assert found.at["ratio", "audit_verdict"] == "consistent"
    assert "next step" in found.at["ratio", "expected_en"]
    doubtful = above("members_share_of_population", 0.071, "7,1", unit="share")
    assert verdicts(doubtful, *facts)["ratio"] == "doubtful"


def test_an_exact_ratio_that_its_numbers_exclude_is_impossible():
    facts = [fact("members", 500), fact("population", 10_000)]
    stated = share("members_share_of_population", 0.06, "6,0", "population")
    assert verdicts(*facts, stated)["ratio"] == "impossible"


def test_shares_of_all_tiers_make_one_within_their_digits():
    def printed(*texts):
        return [
            share(f"cells_{tier}", float(t.replace(",", ".")) / 100, t, None, scheme_id="2018-2023")
            for tier, t in zip(TIERS, texts, strict=True)
        ]

    assert verdicts(*printed("20,0", "70,8", "8,5", "0,7"))["shares_to_one"] == "consistent"
    assert verdicts(*printed("20,0", "70,8", "8,5", "1,9"))["shares_to_one"] == "impossible"


def test_an_interval_must_hold_its_number():
    assert verdicts(fact("members", 10, value_low=12.0, value_high=15.0)) == {
        "interval": "impossible"
    }
    assert verdicts(share("cells_four_good", 1.2, "120", None))["share_range"] == "impossible"


def test_a_note_resolves_a_finding():
    facts = pd.DataFrame([fact("communes", 16), fact("communes", 18)])
    found = audit.findings(facts, SCHEMES)
    assert len(audit.unresolved(found)) == 1
    notes = found[["finding_id"]].assign(note="the second counts two that were merged in May")
    assert audit.unresolved(audit.findings(facts, SCHEMES, notes)).empty


def test_targets_and_rules_are_not_compared_with_results():
    planned = fact("base_organisations", 60, status="target")
    assert verdicts(planned, fact("base_committees", 70)) == {}


def test_nothing_in_the_committed_facts_is_wrong_and_the_small_share_is_not_testable():
    found = desk.audited()
    assert audit.unresolved(found).empty
    share = found["fact_ids"].str.contains("members_rated_violating_or_not_completed")
    assert found.loc[share, ["audit_test", "audit_verdict"]].values.tolist() == [
        ["grim", "not_testable"]
    ]
