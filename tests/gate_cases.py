"""Facts as plain rows for the tests of readings, gate and scenarios."""

import pandas as pd

FIVE = ["yen-minh", "muong-lay", "nam-dong", "muong-khuong", "kien-xuong"]


def fact(document_id, measure_id, value, day="2022-12-31", **changes):
    """One valid row of facts.csv: an exact count about the locality itself, changed at will."""
    locality_id = document_id.rsplit("-", 1)[0]
    bound = changes.get("bound", "exact")
    row = {
        "fact_id": f"{document_id}.{changes.get('char_start', 0)}.{measure_id}",
        "document_id": document_id,
        "locality_id": locality_id,
        "place_id": locality_id,
        "level": "district",
        "measure_id": measure_id,
        "value": value,
        "value_low": value if bound in ("exact", "at_least") else None,
        "low_open": bound == "at_least",
        "value_high": value if bound in ("exact", "at_most") else None,
        "high_open": bound == "at_most",
        "bound": bound,
        "unit": "count",
        "base_measure_id": None,
        "scheme_id": None,
        "population_stated": True,
        "period_start": changes.get("period_end", day),
        "period_end": day,
        "period_kind": "as_of",
        "status": "actual",
        "number_text": f"{value:g}",
    }
    return row | changes


def ratings(document_id, population, counts, whole, year=2022, scheme="2018-2023"):
    """A full distribution over four tiers, as one article prints it."""
    last = f"{year}-12-31"
    period = {"period_start": f"{year}-01-01", "scheme_id": scheme}
    base = {"cells": "cells_under_base", "organisations": "base_organisations"}[population]
    tiers = ("excellent", "good", "completed", "not_completed")
    rated = [
        fact(document_id, f"{population}_rated_{tier}", n, last, base_measure_id=base, **period)
        for tier, n in zip(tiers, counts, strict=True)
        if n is not None
    ]
    return [fact(document_id, base, whole, last), *rated]


def five_articles():
    """What the five articles say of organisations, members and ratings."""
    lay, khuong = "muong-lay-2019", "muong-khuong-2022"
    mean = {"period_start": "2016-01-01", "period_end": "2018-12-31", "scheme_id": "to-2017"}
    commune = {"place_id": "binh-dinh", "level": "commune"}
    return pd.DataFrame(
        [
            fact("yen-minh-2019", "base_organisations", 65, "2019-04-12"),
            fact("yen-minh-2019", "cells_under_base", 373, "2019-04-12"),
            fact(lay, "base_organisations", 35, "2019-12-04"),
            fact(lay, "base_cells", 30, "2019-12-04"),
            fact(lay, "members", 1142, "2019-12-04"),
            fact(lay, "cells_rated_tsvm", 0.9, bound="at_least", unit="share", **mean)
            | {"population_stated": False},
            fact(lay, "cells_rated_weak", 0, **mean) | {"population_stated": False},
            fact(lay, "members_rated_completed_or_better", 0.996, unit="share", **mean),
            fact("nam-dong-2015", "base_organisations", 38, "2015-11-09"),
            fact("nam-dong-2015", "members", 1742, "2015-11-09"),
            *(
                fact("nam-dong-2015", f"members_{form}", n, "2015-11-09", period_start="2010-01-01")
                for form, n in (("reprimanded", 38), ("warned", 10), ("expelled", 2))
            ),
            fact(khuong, "base_organisations", 43, "2022-08-19"),
            fact(khuong, "members", 3550, "2022-08-19", bound="at_least", number_text="3.550"),
            fact(khuong, "population", 66000, "2022-08-19", bound="at_least", unit="persons")
            | {"number_text": "66.000"},
            fact(khuong, "cells_with_committee", 0.65, "2022-08-19", unit="share"),
            *ratings("kien-xuong-2023", "cells", (90, 318, 38, 3), 449),
            *ratings("kien-xuong-2023", "organisations", (11, 45, 4, None), 60),
            fact("kien-xuong-2023", "members", 439, "2023-03-05", **commune),
        ]
    )
