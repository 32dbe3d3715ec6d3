"""What the words allow: each table on a few hand-made codings, and on none."""

import pandas as pd

from helpers import codebook, practices

THEMES = codebook.load("themes")
NAMES = ["coding_id", "locality_id", "theme_id", "status", "level", "place_id", "verifiability"]
SAID = [
    ("1", "a", "lim_weak_criticism", "present", "district", "a", None),
    ("2", "a", "criticism", "urged", "district", "a", 0),
    ("3", "a", "criticism", "done", "commune", "a-commune", 3),
    ("4", "a", "lim_thematic_meetings", "present", "district", "a", None),
    ("5", "a", "regular_meetings", "done", "district", "a", 2),
    ("6", "b", "thematic_meetings", "planned", "district", "b", 2),
    ("7", "b", "lim_admission", "present", "commune", "b-commune", None),
]
CODINGS = pd.DataFrame(SAID, columns=NAMES).assign(
    stance="stated", document_id=lambda rows: rows["locality_id"] + "-1", speaker="reporter"
)


def test_a_remedy_is_what_answers_the_limitation_not_what_shares_its_dimension():
    found = practices.answers(CODINGS, THEMES).set_index(["locality_id", "theme_id"])
    weak = found.loc["a", "lim_weak_criticism"]
    assert (weak["done"], weak["urged"], weak["below"], weak["remedy_ids"]) == (0, 1, 1, "2|3")
    thematic = found.loc["a", "lim_thematic_meetings"]
    assert thematic[["done", "planned", "rule", "urged", "below"]].sum() == 0
    assert thematic["same_dimension"] == 1


def test_what_is_done_below_the_locality_stands_apart():
    found = practices.implementation(CODINGS, THEMES).set_index(["locality_id", "is_below"])
    assert found.loc["a", False].tolist() == [1, 0, 0, 1]
    assert found.loc["a", True].tolist() == [1, 0, 0, 0]


def test_breadth_counts_dimensions_of_the_locality_itself():
    found = practices.breadth(CODINGS, THEMES, ["a", "b", "c"]).set_index("locality_id")
    assert found["n"].to_dict() == {"a": 2, "b": 0, "c": 0} and set(found["of"]) == {8}


def test_verifiability_counts_points_and_is_empty_where_nobody_coded_it():
    found = practices.verifiability(CODINGS, THEMES).set_index(["locality_id", "status"])
    assert found.loc[("a", "done")].tolist() == [0, 0, 1, 1]
    assert practices.verifiability(CODINGS.drop(columns="verifiability"), THEMES).empty
    assert practices.verifiability(CODINGS.assign(verifiability=None), THEMES).empty


def test_voice_is_counted_per_thousand_words():
    found = practices.voice(CODINGS, {"a-1": 2500, "b-1": 1000})
    assert found["per_1000_words"].tolist() == [2, 2]


def test_a_collection_without_codings_gives_empty_tables():
    none = CODINGS.head(0)
    assert practices.answers(none, THEMES).empty and practices.voice(none, {}).empty
    assert practices.implementation(none, THEMES).empty
    assert practices.breadth(none, THEMES, ["a"])["n"].tolist() == [0]


def test_the_answers_of_the_codebook_are_practices_of_the_codebook():
    kinds = THEMES.set_index("theme_id")["kind"]
    told = THEMES[THEMES["kind"] == "limitation"]["answered_by"].str.split("|").explode()
    assert told.notna().all() and set(told.map(kinds)) == {"practice"}
    assert THEMES[THEMES["kind"] == "practice"]["answered_by"].isna().all()
