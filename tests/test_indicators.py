"""Tables of readings: silence stays silence, the ceiling has three bases, parts are not wholes."""

import pandas as pd
import pytest
from gate_cases import FIVE, fact, five_articles, ratings

from helpers import codebook, indicators, statements

MEASURES = codebook.load("measures")
SCHEMES = codebook.load("rating_schemes")
TAKEN = statements.take(five_articles(), MEASURES, SCHEMES)


def test_a_commune_never_speaks_for_its_district():
    table = indicators.coverage(TAKEN, ["members", "base_organisations"], FIVE)
    members, organisations = table["kien-xuong"]
    assert members is None and organisations.value == 60


def test_one_call_gives_any_measure_printed_or_derived_in_plain_columns():
    found = indicators.table(five_articles(), "members_per_base_organisation", measures=MEASURES)
    assert list(found["locality_id"]) == ["muong-khuong", "muong-lay", "nam-dong"]
    assert found["low"].round(1).tolist() == [82.6, 32.6, 45.8]
    assert found["fact_ids"].iloc[1].count("|") == 1 and set(found["origin"]) == {"derived"}
    assert indicators.shown(found)["amount"].iloc[1].formula == "{0} / {1}"


def test_years_are_counted_only_where_there_are_several():
    rows = [fact(f"a-{year}", "members", 900 + year, f"{year}-12-31") for year in (2021, 2022)]
    taken = statements.take(pd.DataFrame(rows), MEASURES, SCHEMES)
    assert indicators.years(taken).to_dict("records") == [
        {"locality_id": "a", "measure_id": "members", "2021": 1, "2022": 1}
    ]
    assert indicators.years(taken.head(1)).empty


def test_distributions_meet_only_where_the_gate_lets_their_tiers_meet():
    def effects(base):
        rows = ratings("a-1", "cells", (90, 318, 38, 3), 449)
        other = ratings("b-1", "cells", (60, 300, 60, 6), 426)
        other = [row | {"base_measure_id": base} for row in other if "_rated_" in row["measure_id"]]
        facts = pd.DataFrame([*rows, *other, fact("b-1", base, 426)])
        taken = statements.take(facts, MEASURES, SCHEMES)
        return indicators.effect_sizes(indicators.tiers(taken, SCHEMES), taken, MEASURES)

    assert effects("cells_under_base")["dominates"].tolist() == [True]
    assert effects("base_cells").empty


def test_coverage_has_a_row_per_measure_and_a_column_per_locality():
    table = indicators.coverage(TAKEN, ["members", "base_cells"], FIVE)
    assert list(table.columns) == ["measure_id", *FIVE]
    assert table.set_index("measure_id").loc["base_cells"].notna().sum() == 1


def test_the_ceiling_is_shown_against_its_three_bases():
    table = indicators.ceiling_bases(five_articles(), SCHEMES).set_index(["population", "base"])
    found = {key: round(b.value, 4) for key, b in table["amount"].items()}
    assert found == {
        ("cells", "all"): 0.2004,
        ("cells", "good_or_better"): 0.2206,
        ("cells", "good"): 0.2830,
        ("organisations", "all"): 0.1833,
        ("organisations", "good_or_better"): 0.1964,
        ("organisations", "good"): 0.2444,
    }
    assert not table["ceiling_verified"].any()


def test_tiers_that_are_not_stated_keep_the_room_the_others_leave():
    table = indicators.tiers(TAKEN, SCHEMES).set_index(["locality_id", "measure_id"])["amount"]
    assert table["kien-xuong", "cells_rated_not_completed"].value == pytest.approx(3 / 449)
    good = table["muong-lay", "cells_rated_good"]
    assert (good.low, good.high) == (0, pytest.approx(0.1))


def test_dominance_and_effect_size_need_full_distributions_of_one_scheme():
    assert indicators.dominates([0.3, 0.6, 0.1], [0.2, 0.6, 0.2])
    assert not indicators.dominates([0.3, 0.4, 0.3], [0.2, 0.6, 0.2])
    assert indicators.cliffs_delta([0.3, 0.6, 0.1], [0.2, 0.6, 0.2]) == pytest.approx(0.16)
    with pytest.raises(ValueError, match="two full distributions"):
        indicators.cliffs_delta([0.9], [0.2, 0.8])


def test_cliffs_delta_equals_the_count_over_all_pairs():
    a, b = [3, 5, 2], [1, 4, 5]
    ranks = [[tier for tier, n in enumerate(side) for _ in range(n)] for side in (a, b)]
    signs = [(y > x) - (y < x) for x in ranks[0] for y in ranks[1]]
    shares = [[n / 10 for n in side] for side in (a, b)]
    assert indicators.cliffs_delta(*shares) == pytest.approx(sum(signs) / len(signs))


def test_the_evidence_map_names_number_bound_part_and_silence():
    codings = pd.DataFrame(
        {
            "coding_id": ["x.1.admission"],
            "document_id": ["yen-minh-2019"],
            "theme_id": ["admission"],
            "stance": ["stated"],
        }
    )
    themes = codebook.load("themes")
    table = indicators.evidence_map(five_articles(), codings, MEASURES, themes, FIVE)
    figures = table[table["group"] == "figures"].groupby(["locality_id", "subject"])
    seen = figures["evidence"].apply(list)
    assert seen["kien-xuong", "members"] == ["part"]
    assert seen["muong-khuong", "members"] == ["bound"]
    assert seen["muong-lay", "ratings"] == ["number", "bound"]
    assert seen["nam-dong", "ratings"] == ["silence"]
    dimensions = table[table["group"] == "dimensions"].groupby(["locality_id", "subject"])
    assert dimensions["evidence"].apply(list)["yen-minh", "members"] == ["practice"]
