"""Agreement against published worked examples, and against counts done by hand."""

import math

import pandas as pd
import pytest

from helpers import agreement


def coded(*rows: tuple) -> pd.DataFrame:
    names = ["document_id", "theme_id", "stance", "status", "level", "place_id"]
    return pd.DataFrame([(*row, "yen-minh") for row in rows], columns=names)


ONE = coded(
    ("a", "admission", "stated", "done", "district"),
    ("a", "training", "stated", "planned", "district"),
    ("b", "admission", "stated", "done", "commune"),
)
TWO = coded(
    ("a", "admission", "stated", "done", "district"),
    ("a", "training", "stated", "done", "district"),
    ("b", "training", "denied", "done", "district"),
)
THEMES = pd.DataFrame(
    {
        "theme_id": ["admission", "training", "dialogue"],
        "dimension": ["members", "committee", "people"],
    }
)


def test_alpha_of_the_binary_example_of_krippendorff_2011():
    """Computing Krippendorff's Alpha-Reliability (2011), part A: two observers, alpha 0.095."""
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert agreement.alpha(pd.Series(meg), pd.Series(owen)) == pytest.approx(0.095, abs=0.0005)


def test_alpha_of_the_nominal_example_of_krippendorff_2011():
    """The same, part B: two observers, five categories, alpha 0.692."""
    ben, gerry = list("aabbdcccedda"), list("babbbcccedd" + "d")
    assert agreement.alpha(pd.Series(ben), pd.Series(gerry)) == pytest.approx(0.692, abs=0.0005)


def test_alpha_says_nothing_where_nothing_varies():
    assert math.isnan(agreement.alpha(pd.Series([1, 1]), pd.Series([1, 1])))


def test_every_document_and_theme_is_a_unit_also_the_ones_nobody_coded():
    units = agreement.presence(ONE, TWO, THEMES, ["a", "b", "c"])
    assert len(units) == 9
    overall = agreement.summary(units).iloc[0]
    assert (overall["coder_1"], overall["coder_2"], overall["both"]) == (3, 3, 2)
    assert overall["agreement"] == pytest.approx(7 / 9)


def test_agreement_by_theme_and_its_interval_repeat():
    units = agreement.presence(ONE, TWO, THEMES, ["a", "b", "c"])
    by_theme = agreement.summary(units, by="theme_id").set_index("theme_id")
    assert by_theme.at["dialogue", "agreement"] == 1
    first, again = (agreement.alpha_interval(units, repeats=50) for _ in range(2))
    assert first == again and first[0] <= overall_alpha(units) <= first[1]


def overall_alpha(units: pd.DataFrame) -> float:
    return agreement.alpha(units["coder_1"], units["coder_2"])


def test_disagreements_say_in_what_the_coders_differ():
    found = agreement.disagreements(ONE, TWO).set_index(["document_id", "theme_id"])["differ_in"]
    assert found.to_dict() == {
        ("a", "training"): "status",
        ("b", "admission"): "presence",
        ("b", "training"): "presence",
    }


def test_agreement_on_a_column_is_among_what_both_coded():
    assert agreement.on_column(ONE, TWO, "status")["units"] == 2
    assert agreement.on_column(ONE, TWO, "status")["agreement"] == 0.5


def test_two_passes_over_the_figures_are_matched_by_span():
    row = dict.fromkeys(agreement.FACT, "x") | {"document_id": "a", "char_start": 1, "char_end": 3}
    one = pd.DataFrame([row, row | {"char_start": 9, "char_end": 10}])
    two = pd.DataFrame([row | {"measure_id": "y"}])
    found = agreement.facts(one, two).set_index("column")["agreement"]
    assert (found["span"], found["measure_id"], found["value"]) == (0.5, 0.0, 1.0)


def test_examples_that_stand_in_the_texts_are_counted():
    themes = pd.DataFrame({"theme_id": ["x", "y"], "example": ["here", "elsewhere"]})
    codings = pd.DataFrame({"document_id": ["a", "b", "a"], "theme_id": ["x", "x", "y"]})
    found = agreement.verbatim(themes, codings, {"a": "it is here", "b": "nothing"})
    assert list(found.values()) == [2, 1, 3, 1]
