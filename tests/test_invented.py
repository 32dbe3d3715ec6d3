"""The invented collection: a whole data folder whose rows point into its texts, errors as said."""

import pytest

from benchmarks import invented


def test_rows_point_at_their_words():
    made = invented.collect(3, 3, {"misprint": 0.5}, seed=1)
    for row in made.frame("facts").itertuples():
        text = made.texts[row.document_id]
        assert text[int(row.char_start) : int(row.char_end)] == row.number_text
        assert row.quote in text
    for row in made.frame("codings").itertuples():
        assert made.texts[row.document_id][int(row.char_start) : int(row.char_end)] == row.quote


def test_one_seed_makes_one_collection():
    one, same, other = (invented.collect(4, 3, {"stale": 0.3}, seed) for seed in (5, 5, 6))
    assert one.texts == same.texts and one.injected == same.injected
    assert one.texts != other.texts


def test_without_errors_every_exact_figure_is_true():
    made = invented.collect(10, 5, seed=2)
    true = made.frame("truth").set_index(["locality_id", "year", "measure_id"])["value"].to_dict()
    facts = made.frame("facts").query("bound == 'exact' and unit == 'count'")
    for row in facts.itertuples():
        key = (row.locality_id, int(row.period_end[:4]), row.measure_id)
        if key in true and "_rated_" not in row.measure_id:
            assert row.value == true[key]


def test_errors_come_at_their_rate_and_only_of_the_kind_asked():
    injected = invented.collect(60, 10, {"rounding": 0.2}, seed=3).frame("injected")
    assert set(injected["error"]) == {"rounding"}
    assert 80 <= len(injected) <= 160


def test_an_unknown_error_is_refused():
    with pytest.raises(ValueError, match="unknown errors"):
        invented.collect(1, 1, {"typo": 0.1})
