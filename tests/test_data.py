"""The hand-checked tables against their texts and codebooks, and against the subject's rules."""

import pytest

from helpers import bounds, codebook, corpus, decisions

FIVE = ["yen-minh", "muong-lay", "nam-dong", "muong-khuong", "kien-xuong"]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {document.document_id: document.text for document in corpus.read_all()}


@pytest.mark.parametrize("table", ["facts", "facts_coder_1", "facts_coder_2"])
def test_every_number_stands_at_its_place_inside_its_passage(table, texts):
    frame = codebook.load(table).dropna(subset=["number_text"])
    assert len(frame) > 20
    for row in frame.to_dict("records"):
        text = texts[row["document_id"]]
        assert text[row["char_start"] : row["char_end"]] == row["number_text"], row
        left = text.rfind(row["quote"], 0, row["char_end"] + len(row["quote"]))
        assert left <= row["char_start"] and row["char_end"] <= left + len(row["quote"]), row


def test_every_passage_stands_at_its_place(texts):
    tables = [codebook.load("citations"), decisions.codings(), *decisions.passes()]
    for row in (row for frame in tables for row in frame.to_dict("records")):
        text = texts[row["document_id"]]
        assert text[row["char_start"] : row["char_end"]] == row["quote"], row


@pytest.mark.parametrize("table", ["facts", "codings"])
def test_every_row_is_anchored_and_what_the_decisions_give(table):
    assert len(getattr(decisions, table)()) == len(codebook.load(table)) > 20


def test_furniture_lies_inside_the_texts_and_never_overlaps(texts):
    for document_id, rows in codebook.load("furniture").groupby("document_id"):
        ends = [0, *rows["char_end"]]
        assert all(start >= end for start, end in zip(rows["char_start"], ends, strict=False))
        assert rows["char_end"].max() <= len(texts[document_id])


def test_repeated_captions_repeat_a_caption(texts):
    rows = codebook.load("furniture")
    said = [texts[r.document_id][r.char_start : r.char_end] for r in rows.itertuples()]
    captions = {words for words, kind in zip(said, rows["kind"], strict=True) if kind == "caption"}
    repeated = [w for w, kind in zip(said, rows["kind"], strict=True) if kind == "caption_repeat"]
    assert len(repeated) == 2 and set(repeated) <= captions


def test_nothing_is_confirmed_before_a_person_has_confirmed_it():
    for table in ("facts", "codings"):
        frame = codebook.load(table)
        by_hand = frame["confirmed_by_person"]
        if table == "facts":
            assert (by_hand <= frame["decided_by"].str.startswith("analyst")).all()
        else:
            assert not by_hand.any()


def value(measure_id: str, locality_id: str, place_id: str | None = None) -> bounds.Bounded:
    """The one fact of a measure at a place, as a bounded number."""
    facts = codebook.load("facts")
    rows = facts[
        facts["measure_id"].eq(measure_id)
        & facts["locality_id"].eq(locality_id)
        & facts["place_id"].eq(place_id or locality_id)
    ]
    assert len(rows) == 1, (measure_id, locality_id, len(rows))
    return bounds.from_fact(rows.iloc[0].to_dict())


@pytest.mark.parametrize(
    ("locality", "measure", "low", "high"),
    [
        ("yen-minh", "base_organisations", 65, 65),
        ("yen-minh", "cells_under_base", 373, 373),
        ("yen-minh", "member_files_managed", 1218, 1218),
        ("muong-lay", "base_organisations", 35, 35),
        ("muong-lay", "base_committees", 5, 5),
        ("muong-lay", "base_cells", 30, 30),
        ("muong-lay", "members", 1142, 1142),
        ("nam-dong", "members", 1742, 1742),
        ("nam-dong", "base_organisations", 38, 38),
        ("muong-khuong", "base_organisations", 43, 43),
        ("muong-khuong", "members", 3550, float("inf")),
        ("muong-khuong", "population", 66000, float("inf")),
        ("kien-xuong", "cells_under_base", 449, 449),
        ("kien-xuong", "cells_rated_excellent", 90, 90),
        ("kien-xuong", "cells_rated_not_completed", 3, 3),
    ],
)
def test_the_tables_hold_what_the_articles_say(locality, measure, low, high):
    amount = value(measure, locality)
    assert (amount.low, amount.high) == (low, high)


def test_a_commune_is_not_its_district():
    facts = codebook.load("facts").query("locality_id == 'kien-xuong'")
    members = facts[facts["measure_id"].eq("members")]
    assert members[["place_id", "level", "value"]].values.tolist() == [
        ["binh-dinh", "commune", 439.0]
    ]


def test_a_zero_in_words_is_a_fact():
    facts = codebook.load("facts").query("locality_id == 'muong-lay'")
    zero = facts[facts["measure_id"].eq("cells_rated_weak")].iloc[0]
    assert (zero["value"], zero["number_text"]) == (0, "không")


def test_the_five_are_in_their_fixed_order():
    places = codebook.load("localities").sort_values("position")
    assert places["place_id"].tolist()[:5] == FIVE
