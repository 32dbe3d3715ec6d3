"""Display objects: both languages, links, escaping."""

import json
import math
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from helpers import bounds, codebook, report
from helpers.bounds import Bounded
from helpers.report import MIME, NotShowable, Words

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}"
MEMBERS = Bounded(3550, math.inf, True, True, "persons", 3550, "at_least", ("mk.1.members",))
PART = Bounded(90, 90, False, False, "count", 90, "exact", ("kx.5.cells_rated_excellent",))
WHOLE = Bounded(449, 449, False, False, "count", 449, "exact", ("kx.1.cells_under_base",))


class Tags(HTMLParser):
    """The names of tags and of attributes in a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.names, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def shown(value, column="value", **options) -> report.Shown:
    """A table of one cell beside a locality."""
    frame = pd.DataFrame({"locality_id": ["yen-minh"], column: [value]})
    return report.table(frame, "one", en="Caption", vi="Chú thích", **options)


@pytest.mark.parametrize(
    ("value", "english", "vietnamese"),
    [
        (MEMBERS, "more than 3,550", "trên 3.550"),
        (bounds.share(PART, WHOLE), "20.0%", "20,0%"),
        (bounds.unknown("share"), "not stated", "không nêu"),
        (None, "not stated", "không nêu"),
        (1142, "1,142", "1.142"),
        (True, "yes", "có"),
        ("2023-03-05", "5 March 2023", "5/3/2023"),
        (Words("stated", "có nêu"), "stated", "có nêu"),
        ([1142, None], "1,142; not stated", "1.142; không nêu"),
    ],
)
def test_a_cell_reads_in_both_languages(value, english, vietnamese):
    parts = shown(value).parts
    assert parts["en"]["rows"][0][0] == parts["vi"]["rows"][0][0] == "Yên Minh"
    assert parts["en"]["rows"][0][1].startswith(english)
    assert parts["vi"]["rows"][0][1].startswith(vietnamese)


def test_ids_and_headers_are_translated_by_column():
    frame = pd.DataFrame({"measure_id": ["members"], "level": ["commune"], "yen-minh": [1]})
    part = report.table(frame, "names", en="A", vi="B").parts["vi"]
    assert part["header"] == ["Chỉ số", "Cấp", "Yên Minh (2019)"]
    assert part["rows"] == [["Đảng viên", "Cấp xã", "1"]]


def test_a_column_without_a_header_in_both_languages_is_refused():
    with pytest.raises(ValueError, match=r"column,surprising,…` to vocabulary\.csv"):
        shown(1, column="surprising")


def test_a_year_is_no_quantity():
    assert shown(2022, column="year").parts["en"]["rows"][0][1] == "2022"


def test_a_number_links_to_its_fact_and_a_derived_one_to_its_formula():
    assert 'href="#f-mk.1.members">more than 3,550<' in shown(MEMBERS).parts["en"]["html"]
    table = shown(bounds.share(PART, WHOLE))
    [(name, line)] = table.derived.items()
    assert f'href="#{name}">20,0%<' in table.parts["vi"]["html"]
    assert line["formula"] == "{0} / {1}" and line["facts"] == [*PART.facts, *WHOLE.facts]
    assert (line["en"], line["vi"]) == ("20.0%", "20,0%")


def test_a_text_that_rests_on_several_passages_links_to_each():
    html = shown(report.cited("both", ["a.1.members", "b.2.criticism"])).parts["en"]["html"]
    assert 'href="#f-a.1.members" aria-label="passage 1">1<' in html
    assert 'href="#c-b.2.criticism" aria-label="passage 2">2<' in html


def test_unknown_and_not_stated_look_different_from_numbers():
    html = shown([bounds.unknown("count"), None, 3]).parts["en"]["html"]
    assert '<span class="unknown">not stated</span>' in html
    assert '<span class="missing" role="img" aria-label="not stated">·</span>' in html


@pytest.mark.parametrize(
    "made",
    [
        lambda: shown(HOSTILE),
        lambda: shown(report.cited(HOSTILE, [f"{HOSTILE}.1.members"])),
        lambda: shown([HOSTILE, HOSTILE]),
        lambda: shown("a", note_en=HOSTILE, note_vi=HOSTILE),
        lambda: report.table(pd.DataFrame({"note": [1]}), "t", en=HOSTILE, vi=HOSTILE),
        lambda: report.sentence(en=HOSTILE[:-9] + "{x}", vi="{x}", x=HOSTILE),
        lambda: figure(words=(HOSTILE, HOSTILE), en=HOSTILE, vi=HOSTILE),
    ],
)
def test_data_is_text_in_every_place(made):
    for part in made().parts.values():
        tags = Tags()
        tags.feed(part["html"])
        assert "img" not in tags.names and "onerror" not in tags.attributes
        assert "&lt;img" in part["html"]


def test_a_hostile_id_makes_a_harmless_address():
    assert report.anchor('"><b>.1.members') == "f-~22~~3e~~3c~b~3e~.1.members"
    assert report.anchor("a b.1.members") != report.anchor("a~20~b.1.members")


def test_a_quotation_is_marked_as_vietnamese():
    assert '<td lang="vi">Đảng bộ</td>' in shown("Đảng bộ", column="quote").parts["en"]["html"]


@pytest.mark.parametrize("texts", [("{a}", "{b}"), ("{a} {b}", "{a}"), ("{a}", "none")])
def test_a_sentence_names_the_same_values_in_both_languages(texts):
    with pytest.raises(NotShowable, match="the texts name"):
        report.sentence(*texts, a=1, b=2)


@pytest.mark.parametrize(("en", "vi"), [("A", ""), ("", "B"), ("", "")])
def test_a_caption_in_one_language_is_refused(en, vi):
    with pytest.raises(NotShowable, match="in English and in Vietnamese"):
        report.table(pd.DataFrame({"note": [1]}), "t", en=en, vi=vi)


def test_a_label_must_exist_in_both_languages():
    assert report.label("localities", "yen-minh").vi == "Yên Minh"
    with pytest.raises(NotShowable, match="no label in both languages"):
        report.label("measures", "nothing")


def test_the_bundle_holds_both_languages_and_repeats_byte_for_byte():
    report.use("vi")
    one, again = (json.dumps(shown(MEMBERS)._repr_mimebundle_()) for _ in "ab")
    assert one == again
    bundle = shown(MEMBERS)._repr_mimebundle_()
    report.use("en")
    assert "trên 3.550" in bundle["text/plain"] and "trên 3.550" in bundle["text/html"]
    assert "<a " not in bundle["text/html"], "a notebook has no passages to link to"
    assert bundle[MIME]["en"]["rows"] == [["Yên Minh", "more than 3,550"]]


def test_the_data_is_neutral_and_keeps_bounds_and_facts():
    data = shown(MEMBERS).data
    row = dict(zip(data["columns"], data["rows"][0], strict=True))
    assert row == {
        "locality_id": "yen-minh",
        "value": 3550,
        "value_low": 3550,
        "value_high": None,
        "value_unit": "persons",
        "value_bound": "at_least",
        "value_facts": "mk.1.members",
    }
    assert data["shown"] == [0, 1]


def figure(name="bars", words=("One bar of nine.", "Một cột bằng chín."), **changes):
    def draw(language):
        drawn = Figure(figsize=(3, 1))
        drawn.add_axes((0, 0, 1, 1)).text(0, 0, words[0], url="javascript:alert(1)")
        return drawn

    texts = {"en": "How many?", "vi": "Bao nhiêu?"} | changes
    return report.figure(pd.DataFrame({"note": [9]}), name, draw, alt=words, **texts)


def test_a_figure_has_its_numbers_and_its_alt_text():
    part = figure().parts["vi"]
    assert 'aria-label="Một cột bằng chín."' in part["html"]
    assert part["rows"] == [["9"]] and "<details>" in part["html"]
    drawn = figure()._repr_mimebundle_()["image/svg+xml"]
    assert (
        drawn.startswith("<svg")
        and "<a" not in drawn.replace("aria", "")
        and 'xlink:href="j' not in drawn
    )


def test_names_inside_a_drawing_are_its_own():
    ids = [set(re.findall(r'\bid="([^"]+)"', figure(name).parts["en"]["html"])) for name in "xy"]
    assert not ids[0] & ids[1] and all(name.startswith("g") for name in ids[0])


def test_a_large_table_is_cut_while_the_files_hold_all():
    frame = pd.DataFrame(7, index=range(100), columns=[str(year) for year in range(2001, 2021)])
    shown = report.table(frame, "large", "Counts", "Số lượng")
    english = shown.parts["en"]
    assert english["caption"].startswith("Counts (the first 40 of 100 rows;")
    assert "the first 12 of 20 columns" in english["caption"]
    assert english["html"].count("<tr>") == 41 and english["html"].count("<th ") == 12 + 40
    assert len(english["rows"]) == len(shown.data["rows"]) == 100
    assert len(english["rows"][0]) == len(english["header"]) == 20


def test_an_empty_table_says_so_in_words_and_has_no_header():
    shown = report.table(pd.DataFrame(columns=["locality_id", "members"]), "none", "A", "B")
    assert shown.parts["vi"]["html"] == '<p class="caption">B</p><p class="note">Chưa có gì.</p>'


@pytest.mark.parametrize(
    ("value", "english", "vietnamese"),
    [
        (0, "No pair is decided.", "Không cặp nào phân định được."),
        (1, "1 pair is decided.", "1 cặp phân định được."),
        (1200, "1,200 pairs are decided.", "1.200 cặp phân định được."),
    ],
)
def test_a_count_takes_its_word(value, english, vietnamese):
    said = report.sentence(
        "{n:No pair is|pair is|pairs are} decided.",
        "{n:Không cặp nào|cặp|cặp} phân định được.",
        n=value,
    )
    assert (said.parts["en"]["text"], said.parts["vi"]["text"]) == (english, vietnamese)


def test_names_are_listed_as_in_a_sentence_and_the_rest_is_counted():
    names = report.named("localities", ["yen-minh", "nam-dong", "kien-xuong"])
    assert str(report.sentence("{a}.", "{a}.", a=names)) == "Yên Minh, Nam Đông and Kiến Xương."
    assert str(report.sentence("{a}.", "{a}.", a=names * 4)).endswith("and 6 more.")


def test_a_finding_has_a_title_and_a_lead_and_says_when_there_is_nothing(data_folder):
    rows = pd.DataFrame({"a": [1]})
    texts = ("{n:pair|pairs} of 9.\nThe lead.", "{n:cặp} trên 9.\nLời dẫn.")
    found = report.finding(*texts, of=rows, n=3)
    assert (found.parts["vi"]["title"], found.parts["vi"]["lead"]) == ("3 cặp trên 9.", "Lời dẫn.")
    nothing = report.finding(*texts, of=rows.head(0), n=3).parts["en"]
    assert nothing["title"] == "No article in this collection says this."
    for name in ("facts", "codings"):
        codebook.save(codebook.load(name).head(0), name)
    nothing = report.finding(*texts, of=rows.head(0), n=3).parts["en"]
    assert nothing["title"] == "Nothing has been decided yet; articles that wait at the desk: 5."
    codebook.save(codebook.load("documents").head(0), "documents")
    nothing = report.finding(*texts, of=rows.head(0), n=3).parts["en"]
    assert nothing["title"] == "No article is in this collection yet."


def test_only_the_two_languages_can_be_used():
    with pytest.raises(NotShowable, match="language 'fr': expected en or vi"):
        report.use("fr")


def test_a_grid_draws_a_linked_mark_for_every_passage_and_says_what_marks_mean():
    marks = pd.DataFrame(
        [("meetings", "muong-lay", "present", "a.1.lim_formalism|a.2.lim_formalism")],
        columns=["dimension", "locality_id", "mark", "ids"],
    )
    places = ["yen-minh", "muong-lay"]
    shown = report.grid(marks, "g", "A", "B", rows="dimension", columns=places)
    part = shown.parts["en"]
    assert part["rows"] == [["Cell meetings", "not stated", "limitation, present (2)"]]
    assert (
        part["html"].count(">▲</a>") == 2 and 'aria-label="limitation, present 2"' in part["html"]
    )
    assert part["note"] == "▲ limitation, present"
    many = [str(year) for year in range(2001, 2014)]
    shown = report.grid(marks, "g", "A", "B", rows="dimension", columns=["muong-lay", *many])
    assert len(shown.parts["en"]["rows"]) == 14, "rows and columns have changed places"


def test_a_triangle_says_in_words_what_became_of_each_pair():
    counts = pd.DataFrame(
        [("yen-minh", "muong-lay", "one_sided", 3), ("muong-lay", "yen-minh", "not_comparable", 1)],
        columns=["row_id", "column_id", "answer", "n"],
    )
    places = ["yen-minh", "muong-lay", "kien-xuong"]
    part = report.triangle(counts, "t", "A", "B", places).parts["en"]
    assert part["header"] == ["Locality", "Yên Minh (2019)", "Mường Lay (2019)"]
    assert part["rows"][0] == ["Mường Lay", "3 with one side silent; 1 not alike", ""]
    assert part["rows"][1] == ["Kiến Xương", "not stated", "not stated"]


def test_in_a_notebook_a_number_tells_its_sentence():
    fact = codebook.load("facts").iloc[0]
    html = shown(bounds.from_fact(fact.to_dict()))._repr_mimebundle_()["text/html"]
    assert f'<span title="{fact["quote"]}">' in html and "<details><summary>The sentences" in html
