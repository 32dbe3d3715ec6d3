"""What is drawn: rows and words, from which values, in colours that follow the page; no pixels."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers import bounds, figures
from helpers.bounds import Bounded

NAMES = ["Nam Đông", "Yên Minh", "Mường Lay", "Mường Khương", "Kiến Xương"]
PLACES = ["nam-dong", "yen-minh", "muong-lay", "muong-khuong", "kien-xuong"]


def fact(value: float, name: str = "a.1.members", unit: str = "count") -> Bounded:
    return Bounded(value, value, False, False, unit, value, "exact", (name,))


def members() -> pd.DataFrame:
    """As `indicators.identified_sets`: two numbers, a bound, two that nobody printed."""
    free = bounds.unknown("persons")
    more = Bounded(3550, np.inf, True, True, "persons", 3550, "at_least", ("b.1.members",))
    amounts = [fact(1742), free, fact(1142), more, free]
    stated = [amount is not free for amount in amounts]
    period = ["2015", "", "2019", "2022", ""]
    return pd.DataFrame(
        {"locality_id": PLACES, "amount": amounts, "stated": stated, "period": period}
    )


def verdicts(*pairs: tuple[str, str, str, str]) -> pd.DataFrame:
    """As `gate.outcomes`, of members."""
    table = pd.DataFrame(pairs, columns=["row_id", "column_id", "verdict", "reasons"])
    return table.assign(measure_id="members")


MEET = verdicts(("muong-lay", "muong-khuong", "smaller", ""),
                ("nam-dong", "muong-lay", "not_comparable", "period_gap"))  # fmt: skip


MARK = re.compile(r"<use[^>]*var\(--link")  # ticks are marks too, of another colour


def words(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_what_may_meet_stands_on_one_axis_and_the_rest_is_said_in_words():
    shown = figures.dated(members(), MEET, "members", "m")
    said = words(shown.parts["en"]["svg"])
    assert "Nam Đông · 2015, not comparable" in said and "Mường Lay · 2019" in said
    assert "more than 3,550" in said and not any("Yên Minh" in word for word in said)
    assert len(MARK.findall(shown.parts["en"]["svg"])) == 2
    assert shown.parts["vi"]["alt"].endswith("Mường Khương · 2022: trên 3.550.")


def test_localities_that_meet_nobody_have_no_mark():
    shown = figures.dated(members(), verdicts(), "members", "m")
    assert not MARK.search(shown.parts["en"]["svg"])


@pytest.mark.parametrize("language", ["en", "vi"])
def test_numbers_on_axes_are_written_as_the_language_does(language):
    said = words(figures.dated(members(), MEET, "members", "m").parts[language]["svg"])
    assert {"en": "3,000", "vi": "3.000"}[language] in said


def test_a_drawing_is_words_in_the_colours_of_the_page_and_loads_nothing():
    svg = figures.dated(members(), MEET, "members", "m").parts["en"]["svg"]
    assert 'fill="currentColor"' in svg and "var(--link" in svg and "#0b4a8f;" not in svg
    assert "<a " not in svg and "@import" not in svg and "url(h" not in svg
    again = figures.dated(members(), MEET, "members", "m").parts["en"]["svg"]
    assert svg == again and len(svg) < 15_000


def tiers() -> pd.DataFrame:
    """As `indicators.tiers`: the cells of Kiến Xương in 2022."""
    names = [f"cells_rated_{tier}" for tier in ("excellent", "good", "completed", "not_completed")]
    counts = [fact(n, f"k.{n}.{name}") for n, name in zip((90, 318, 38, 3), names, strict=True)]
    shares = [bounds.share(count, fact(449, "k.9.cells_assessed")) for count in counts]
    table = pd.DataFrame({"measure_id": names, "amount": shares, "n": counts})
    return table.assign(locality_id="kien-xuong", population="cells", period_end="2022-12-31")


def test_a_rating_is_one_bar_with_every_tier_named_counted_and_weighed():
    shown = figures.tiers(tiers())
    said = words(shown.parts["vi"]["svg"])
    assert "Chi bộ hoàn thành xuất sắc nhiệm vụ · 90" in said
    assert [word for word in said if "%" in word] == ["20,0%", "70,8%", "8,5%", "0,7%"]
    assert "2022" in shown.parts["en"]["caption"] and shown.parts["en"]["rows"][0][1] == "20.0%"


def test_the_ceiling_is_drawn_over_every_base_and_said_to_be_unverified():
    rows = [
        ("kien-xuong", "cells", base, fact(90), fact(whole), bounds.share(fact(90), fact(whole)))
        for base, whole in (("all", 449), ("good_or_better", 408), ("good", 318))
    ]
    names = ["locality_id", "population", "base", "part", "whole", "amount"]
    table = pd.DataFrame(rows, columns=names).assign(ceiling_share=0.2, ceiling_verified=False)
    said = words(figures.ceiling(table).parts["en"]["svg"])
    assert {"20.0%", "22.1%", "28.3%", "ceiling of 20%, its base unverified"} <= set(said)
    assert "Of those rated good · 90 of 318" in said


def test_a_dot_per_row_names_panel_and_denominator_and_skips_what_is_missing():
    table = pd.DataFrame(
        {"dimension": ["meetings", "people"], "alpha": [0.5, None], "units": [8, 3]}
    ).assign(low=0.2, high=0.9)
    shown = figures.bars(table, "dimension", "alpha", "a", "A", "B", "low", "high", "units")
    assert "Cell meetings · n = 8" in words(shown.parts["en"]["svg"])
    assert not any("People" in word for word in words(shown.parts["en"]["svg"]))
    assert len(shown.parts["en"]["rows"]) == 2, "the table has the missing one too"


def test_a_histogram_of_nothing_draws_nothing(recwarn):
    table = pd.DataFrame({"size": [], "kind": []})
    shown = figures.histogram(table, "size", "kind", 0.25, "h", "A", "B")
    assert "svg" not in shown.parts["en"] and not recwarn.list


def test_a_histogram_counts_by_step_and_kind():
    kinds = [("near", "gần"), ("near", "gần"), ("far", "xa")]
    table = pd.DataFrame({"size": [0.1, 0.15, 0.9], "kind": kinds})
    shown = figures.histogram(table, "size", "kind", 0.25, "h", "A", "B")
    assert shown.parts["vi"]["rows"] == [["0,25", "gần", "2"], ["1", "xa", "1"]]
    assert "near" in words(shown.parts["en"]["svg"])
