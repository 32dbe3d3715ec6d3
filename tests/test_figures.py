"""What is drawn: labels, order, values, links and words; never pixels."""

import hashlib
import itertools
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.colors
import numpy as np
import pandas as pd
import pytest

from helpers import bounds, codebook, drawing, figures
from helpers.bounds import Bounded

PLACES = ["yen-minh", "muong-lay", "nam-dong", "muong-khuong", "kien-xuong"]
NAMES = ["Yên Minh", "Mường Lay", "Nam Đông", "Mường Khương", "Kiến Xương"]
LANGUAGES = ("en", "vi")


def fact(value: float, fact_id: str, unit: str = "count") -> Bounded:
    return Bounded(value, value, False, False, unit, value, "exact", (fact_id,))


def members() -> pd.DataFrame:
    """As `gate.identified_sets`: two numbers, a bound, two that nobody printed."""
    more = Bounded(3550, np.inf, True, True, "persons", 3550, "at_least", (MK,))
    free = bounds.unknown("persons")
    amounts = [free, fact(1142, ML, "persons"), fact(1742, ND, "persons"), more, free]
    stated = [amount is not free for amount in amounts]
    rows = {"locality_id": PLACES, "amount": amounts, "stated": stated}
    return pd.DataFrame(rows | {"period": ["", "2019", "2015", "2022", ""]})


ML, ND = "muong-lay-2019.10.members", "nam-dong-2015.20.members"
MK = "muong-khuong-2022.30.members"
KX = [f"kien-xuong-2023.{at}.cells_rated_{tier}" for at, tier in
      enumerate(("excellent", "good", "completed", "not_completed"))]  # fmt: skip
ALL = "kien-xuong-2023.9.cells_under_base"


def organisations() -> pd.DataFrame:
    """Base organisations of two localities in the same year."""
    amounts = [fact(65, "yen-minh-2019.1.base_organisations"),
               fact(35, "muong-lay-2019.1.base_organisations")]  # fmt: skip
    rows = {"locality_id": PLACES[:2], "amount": amounts, "stated": True, "period": "2019"}
    return pd.DataFrame(rows)


def matrix(*rows: tuple) -> pd.DataFrame:
    """As `gate.outcomes`: rows of (row, column, measure, periods, verdict, quality)."""
    names = ["row_id", "column_id", "measure_id", "row_period", "column_period", "verdict"]
    table = pd.DataFrame(rows, columns=[*names, "reasons", "quality"])
    return table.assign(row_facts="", column_facts="")


SAME_YEAR = (
    "yen-minh",
    "muong-lay",
    "base_organisations",
    "2019",
    "2019",
    "larger",
    "",
    False,
)


def ratings() -> pd.DataFrame:
    """As `indicators.tiers`: the cells of Kiến Xương in 2022."""
    counts = dict(zip(KX, (90, 318, 38, 3), strict=True))
    shares = [bounds.share(fact(n, one), fact(449, ALL)) for one, n in counts.items()]
    rows = {"locality_id": "kien-xuong", "population": "cells", "scheme_id": "2018-2023"}
    measures = [one.split(".")[2] for one in KX]
    table = pd.DataFrame({"measure_id": measures, "amount": shares})
    return table.assign(**rows, period_end="2022-12-31")


def ceilings() -> pd.DataFrame:
    """As `indicators.ceiling_bases`."""
    rows = []
    for base, whole in (("all", 449), ("good_or_better", 408), ("good", 318)):
        part, total = fact(90, KX[0]), fact(whole, ALL)
        share = bounds.rate(part, total, 1, "share")
        rows.append(("kien-xuong", "cells", base, part, total, share, 0.2, False))
    names = ["locality_id", "population", "base", "part", "whole", "amount"]
    return pd.DataFrame(rows, columns=[*names, "ceiling_share", "ceiling_verified"])


def evidence() -> pd.DataFrame:
    """As `indicators.evidence_map`, with the localities in another order."""
    rows = [
        ("kien-xuong", "figures", "ratings", "number", 2, f"{KX[0]}|{KX[1]}"),
        ("muong-khuong", "figures", "members", "bound", 1, MK),
        ("muong-khuong", "dimensions", "people", "practice", 1, "muong-khuong-2022.7.dialogue"),
        ("muong-lay", "dimensions", "meetings", "limitation", 1, "muong-lay-2019.7.lim_formalism"),
        ("yen-minh", "dimensions", "meetings", "silence", 0, ""),
        ("nam-dong", "figures", "members", "number", 1, ND),
    ]
    return pd.DataFrame(rows, columns=["locality_id", "group", "subject", "evidence", "n", "ids"])


def practice_counts() -> pd.DataFrame:
    """As `profiles.counts`."""
    here, there = "nam-dong-2015", "muong-lay-2019"
    two, ones = f"{here}.1.dialogue|{here}.2.dialogue", f"{there}.7.lim_formalism"
    rows = [
        ("nam-dong", "people", "practice", "commune", "done", "stated", 1, f"{here}.5.dialogue"),
        ("nam-dong", "people", "practice", "district", "planned", "stated", 2, two),
        ("muong-lay", "meetings", "limitation", "district", "overcome", "stated", 1, ones),
        ("muong-lay", "meetings", "limitation", "district", "done", "denied", 1, ones),
    ]
    names = ["locality_id", "dimension", "kind", "level", "status", "stance", "n", "ids"]
    return pd.DataFrame(rows, columns=names)


def verdicts() -> pd.DataFrame:
    old = "not_comparable", "population|scheme"
    missing = "undecided", "missing"
    return matrix(
        SAME_YEAR,
        ("muong-lay", "kien-xuong", "cells_rated_good_or_better", "2018", "2022", *old, True),
        ("yen-minh", "kien-xuong", "cells_rated_good_or_better", "", "2022", *missing, True),
        ("yen-minh", "kien-xuong", "villages", "2019", "", *missing, False),
    )


def quality() -> pd.DataFrame:
    rows = {"rule": [("a count", "số đếm"), ("a share", "tỷ lệ")], "precision": [0.95, np.nan]}
    return pd.DataFrame(rows | {"low": [0.8, np.nan], "high": [0.99, np.nan], "n": [40, 0]})


def alphas() -> pd.DataFrame:
    rows = {"dimension": ["members", "people"], "units": [60, 40], "alpha": [1.0, 0.94]}
    return pd.DataFrame(rows | {"alpha_low": [1.0, 0.69], "alpha_high": [1.0, 1.0]})


def sizes() -> pd.DataFrame:
    """Sizes of two kinds, one of them on the edge between two steps."""
    kinds = [("ordered", "xếp được"), ("not ordered", "không xếp được")]
    return pd.DataFrame({"size": [0, 0.1, 0.2, 0.25, 0.95], "kind": [*kinds, *kinds, kinds[0]]})


HISTOGRAM = {"value": "size", "by": "kind", "step": 0.1, "name": "h"}
HISTOGRAM |= {"en": "How far apart?", "vi": "Cách nhau bao xa?"}
EXTRACTION = {"by": "rule", "value": "precision", "low": "low", "high": "high", "n": "n"}
EXTRACTION |= {"name": "q", "en": "How often right?", "vi": "Đúng bao nhiêu?"}
DRAWN = {
    "histogram": lambda: figures.histogram(sizes(), **HISTOGRAM),
    "evidence_map": lambda: figures.evidence_map(evidence()),
    "practices": lambda: figures.practices(practice_counts()),
    "verdict_matrix": lambda: figures.verdict_matrix(verdicts()),
    "dots": lambda: figures.dots(organisations(), matrix(SAME_YEAR), "base_organisations"),
    "panels": lambda: figures.panels(members(), "members"),
    "tiers": lambda: figures.tiers(ratings()),
    "ceiling": lambda: figures.ceiling(ceilings(), ratings().iloc[-1:]),
    "agreement": lambda: figures.agreement(alphas()),
    "bars": lambda: figures.bars(quality(), **EXTRACTION),
}


@pytest.fixture(params=DRAWN, scope="module")
def drawn(request):
    """A figure with the texts that matplotlib placed, in the order of drawing, by language."""
    sheets, write = [], drawing._svg
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            drawing, "_svg", lambda sheet, names: sheets.append(sheet) or write(sheet, names)
        )
        shown = DRAWN[request.param]()
    return shown, dict(zip(LANGUAGES, [sheet.axes[0].texts for sheet in sheets], strict=True))


def links(shown, language="en") -> list[tuple[str, str]]:
    return re.findall(r'href="#([fcd]-[^"]+)" aria-label="([^"]*)"', shown.parts[language]["svg"])


def test_every_text_stays_on_the_sheet_and_is_large_enough(drawn):
    for texts in drawn[1].values():
        for text in texts:
            wide = drawing.width_of(text.get_text(), text.get_fontsize(), text.get_fontweight())
            before = {"left": 0, "center": wide / 2, "right": wide}[text.get_ha()]
            left = text.get_position()[0] - before
            assert left >= 0 and left + wide <= drawing.WIDTH, text.get_text()
            assert text.get_fontsize() >= 11


def test_alt_text_says_every_value_that_is_drawn_linked_or_tabled(drawn):
    shown, texts = drawn
    for language in LANGUAGES:
        alt, rows = shown.parts[language]["alt"], shown.parts[language]["rows"]
        ticks = {text.get_text() for text in texts[language] if text.get_color() == drawing.GREY}
        placed = [text.get_text() for text in texts[language] if text.get_text() not in ticks]
        said = [*placed, *(name for _, name in links(shown, language)), *itertools.chain(*rows)]
        numbers = {number for one in said for number in re.findall(r"\d[\d.,]*%?", one)}
        assert [number for number in numbers if number.rstrip(".,") not in alt] == []


def test_titles_captions_and_alt_texts_are_in_both_languages(drawn):
    for part in ("alt", "caption", "svg"):
        said = [drawn[0].parts[language][part] for language in LANGUAGES]
        assert all(said) and said[0] != said[1]


def test_every_link_leads_to_a_fact_a_coding_or_a_formula_and_has_a_name(drawn):
    for language in LANGUAGES:
        svg = drawn[0].parts[language]["svg"]
        assert len(links(drawn[0], language)) == svg.count("<a ")
        assert all(name.strip() for _, name in links(drawn[0], language))
        assert "_blank" not in svg


def test_localities_stand_in_their_fixed_order_whatever_the_order_of_the_rows():
    mixed = members().sample(frac=1, random_state=2)
    alt = figures.panels(mixed, "members").parts["vi"]["alt"]
    assert [name for name in re.findall("|".join(NAMES), alt)] == NAMES
    same = [figures.panels(table, "members").parts["vi"]["svg"] for table in (mixed, members())]
    assert same[0] == same[1]


def test_numbers_bounds_unknowns_and_silence_get_different_marks():
    shares = [bounds.unknown("share", 0, 1), fact(0.5, ML, "share"), None]
    shares += [Bounded(0.9, 1, True, False, "share", 0.9, "at_least", (ML,))]
    assert [drawing.kind(one) for one in shares] == ["hatch", "dot", "silence", "arrow"]
    about = Bounded(0, np.inf, False, True, "count", 60, "approx", (ML,))
    between = Bounded(85, 90, False, False, "count", None, "range", (ML,))
    assert [drawing.kind(one) for one in (about, between)] == ["ring", "span"]


def test_unknown_amounts_are_hatched_and_silence_is_left_empty():
    hatched = figures.panels(members(), "members").parts["en"]["svg"]
    assert hatched.count("fill: url(#") == 2
    some = members().assign(stated=[False, True, False, False, False])
    silent = figures.dots(some, matrix(), "members").parts["en"]
    assert "fill: url(#" not in silent["svg"]
    assert silent["alt"].count("not stated") == 4


def test_marks_link_to_their_facts_and_derived_numbers_to_their_formula():
    assert [target for target, _ in links(figures.panels(members(), "members"))] == [
        f"f-{ML}", f"f-{ND}", f"f-{MK}"]  # fmt: skip
    shown = figures.tiers(ratings())
    assert [target for target, _ in links(shown)] == list(shown.derived)


def test_links_name_the_value_in_the_language_of_the_drawing():
    shown = figures.panels(members(), "members")
    assert (f"f-{MK}", "Mường Khương (2022): trên 3.550") in links(shown, "vi")
    assert (f"f-{MK}", "Mường Khương (2022): more than 3,550") in links(shown, "en")


def test_one_axis_takes_only_what_the_gate_lets_stand_together():
    apart = (*SAME_YEAR[:5], "not_comparable", "period_gap", False)
    no_base = (*SAME_YEAR[:5], "undecided", "missing", False)
    for table in (
        matrix(),
        matrix(apart),
        matrix(no_base),
        matrix((*SAME_YEAR[:3], "2018", *SAME_YEAR[4:])),
    ):
        with pytest.raises(figures.NotOnOneAxis, match="yen-minh 2019 and muong-lay 2019") as error:
            figures.dots(organisations(), table, "base_organisations")
        assert len(error.value.rows) == len(table)


def test_ratings_of_several_localities_are_refused():
    two = pd.concat([ratings(), ratings().assign(locality_id="muong-lay")])
    with pytest.raises(figures.NotOnOneAxis, match=r"kien-xuong.*muong-lay"):
        figures.tiers(two)
    with pytest.raises(figures.NotOnOneAxis, match="never ranks"):
        figures.bars(organisations(), "locality_id", "amount", "x", "Which?", "Gì?")


def test_evidence_map_counts_and_leaves_silence_empty():
    alt = figures.evidence_map(evidence()).parts["en"]["alt"]
    assert (
        "Practices and limitations, Cell meetings: Yên Minh not stated; Mường Lay A limitation 1"
        in alt
    )
    assert "15 of 20 fields are empty" in figures.evidence_map(evidence()).parts["en"]["caption"]
    assert "Figures, Ratings: " in alt and "Kiến Xương A number 2" in alt


def test_practices_keep_status_level_and_denial_apart():
    alt = figures.practices(practice_counts()).parts["en"]["alt"]
    assert (
        "Practices: done, Relations with the people: Mường Lay not stated; Nam Đông Commune 1"
        in alt
    )
    assert (
        "Practices: planned, Relations with the people: Mường Lay not stated; Nam Đông District 2"
        in alt
    )
    assert "Limitations: present, Cell meetings: Mường Lay Denied 1" in alt


def test_verdict_matrix_counts_what_is_decided_and_names_the_reasons():
    shown = figures.verdict_matrix(verdicts())
    alt = shown.parts["en"]["alt"]
    assert "Quality: 0 of 2 decided" in alt and "Size and structure: 1 of 2 decided" in alt
    assert "Not comparable: Different populations, Different rating schemes BC" in alt
    assert "Not drawn: 1 " in alt and len(shown.data["rows"]) == 4


def test_counts_stand_beside_shares_when_the_facts_are_given():
    known = {"unit": "count", "bound": "exact", "value_low": None, "value_high": None}
    known |= {"low_open": None, "high_open": None}
    counts = zip([*KX, ALL], (90, 318, 38, 3, 449), strict=True)
    facts = pd.DataFrame([{"fact_id": one, "value": n, **known} for one, n in counts])
    alt = figures.tiers(ratings(), facts).parts["vi"]["alt"]
    assert "(90 trên 449): 20,0%" in alt and "(3 trên 449): 0,67%" in alt


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.evidence_map(evidence().head(0)),
        lambda: figures.practices(practice_counts().head(0)),
        lambda: figures.verdict_matrix(verdicts().head(0)),
        lambda: figures.panels(members().head(0), "members"),
        lambda: figures.tiers(ratings().head(0)),
        lambda: figures.ceiling(ceilings().head(0)),
        lambda: figures.bars(quality().head(0), **EXTRACTION),
        lambda: figures.histogram(sizes().head(0), **HISTOGRAM),
    ],
)
def test_a_collection_that_says_nothing_gives_a_figure_that_says_so(draw):
    parts = draw().parts
    assert "Nothing is stated." in parts["en"]["alt"]
    assert "Không có gì được nêu." in parts["vi"]["alt"]


def many_places(count: int) -> list[str]:
    """Ids of more localities than a grid can hold, added to the codebook in use."""
    known, ids = codebook.load("localities"), [f"loc-{at:04d}" for at in range(1, count + 1)]
    own = known[known["place_id"] == "yen-minh"]
    rows = pd.concat([own.assign(place_id=one, locality_id=one) for one in ids])
    codebook.save(pd.concat([known, rows]), "localities")
    return ids


def test_many_pairs_are_counted_by_measure_and_not_drawn_one_by_one(data_folder):
    pairs = list(itertools.combinations(many_places(12), 2))
    old, missing = ("not_comparable", "scheme"), ("undecided", "overlap")
    answers = itertools.cycle([old, missing, ("larger", "")])
    rows = [(*pair, "members", "2022", "2022", *next(answers), False) for pair in pairs]
    shown = figures.verdict_matrix(matrix(*rows))
    assert (
        "Size and structure: Members (22 of 66): 33.3% (33.3% to 66.7%)"
        in (shown.parts["en"]["alt"])
    )
    assert len(shown.data["rows"]) == 1 and len(shown.parts["en"]["svg"]) < 60_000


def test_many_localities_are_counted_by_subject_and_by_year(data_folder):
    ids = many_places(30)
    said = [(one, "figures", "members", "number", 1, ND) for one in ids[:15]]
    said += [(one, "figures", "members", "bound", 1, ND) for one in ids[15:24]]
    said += [(one, "figures", "members", "silence", 0, "") for one in ids[24:]]
    shown = figures.evidence_map(pd.DataFrame(said, columns=evidence().columns))
    assert "Members (15 of 30): 50% (50% to 80%)" in shown.parts["en"]["alt"]
    amounts = [fact(1, ML), Bounded(5, np.inf, True, True, "count", 5, "at_least", (MK,))] * 15
    sets = pd.DataFrame({"locality_id": ids, "amount": amounts, "stated": True, "period": "2022"})
    shown = figures.panels(sets, "members")
    assert "2022 (15 of 30): 50%" in shown.parts["en"]["alt"]


def test_a_histogram_counts_every_step_and_says_so():
    shown = figures.histogram(sizes(), **HISTOGRAM)
    alt = shown.parts["en"]["alt"]
    assert "at most 0.1, ordered: 1. at most 0.1, not ordered: 1. 0.1 to 0.2, ordered: 1." in alt
    assert alt.endswith("0.2 to 0.3, not ordered: 1. 0.9 to 1, ordered: 1. n = 5.")
    assert [row[2] for row in shown.parts["vi"]["rows"]] == ["1"] * 5


def test_hostile_text_stays_text():
    table = quality().assign(rule=[("<script>\"&'</script>", "$x_1$ --> ]]>"), ("b", "c")])
    shown = figures.bars(table.assign(precision=bounds.exact(0.5, "share")), **EXTRACTION)
    assert "<script" not in shown.parts["en"]["svg"] + shown.parts["en"]["html"]


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import test_figures as t
for name in reversed(t.DRAWN):
    assert "matplotlib.pyplot" not in sys.modules
    print(name, t.fingerprint(t.DRAWN[name]()))  # the histogram, by seaborn, comes last
"""


def fingerprint(shown) -> str:
    both = "".join(shown.parts[language]["html"] for language in LANGUAGES)
    return hashlib.sha256(both.encode()).hexdigest()


def test_bytes_are_the_same_in_another_process_order_and_setting():
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with matplotlib.rc_context({"font.size": 30, "svg.hashsalt": "x", "savefig.dpi": 200}):
        here = [f"{name} {fingerprint(DRAWN[name]())}" for name in DRAWN]
    assert told.split("\n")[:-1] == here[::-1]


# Simulation of colour vision: Machado, Oliveira and Fernandes (2009), severity 1, linear RGB.
VISIONS = {
    "usual": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    parts = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(TO_XYZ @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISIONS)
def test_colours_of_localities_are_apart_for_every_kind_of_vision(vision):
    seen = [lab(np.array(VISIONS[vision]) @ linear(one)) for one in drawing.COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 25


def test_colours_of_text_reach_the_contrast_of_wcag():
    for colour in (*drawing.COLOURS, drawing.INK, drawing.GREY):
        for ground in (drawing.WHITE, *drawing.TINTS.values()):
            if ground == drawing.WHITE or colour == drawing.INK:
                light, dark = (TO_XYZ[1] @ linear(one) for one in (ground, colour))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (colour, ground)
