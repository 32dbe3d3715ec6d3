"""Reports as files: what may not be published, links both ways, languages, files, run card."""

import csv
import io
import json
import re
import shutil
import zipfile
from html.parser import HTMLParser

import nbformat
import openpyxl
import pandas as pd
import pytest
from small_report import RUN, bounded, executed, notebook, shown, tables

from helpers import codebook, decisions, paths, report
from party_cells.batch import cards, downloads, landing, pages, passages
from party_cells.batch.pages import ReportInvalid
from party_cells.batch.passages import Sources

HOSTILE = "=1+1<img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Names, links and tags of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.ids, self.links, self.tags, self.html = [], [], [], html
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [link for key in ("href", "xlink:href") if (link := found.get(key))]


@pytest.fixture
def ids(data_folder):
    return tables()


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The small report in both languages, with its data; tests work on copies."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(paths.ROOT / "data", folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.DATA_VARIABLE, str(folder / "data"))
        names = tables()
        pages.write(executed(folder), folder / "out", run=RUN)
    return folder, names


@pytest.fixture
def written(made_once, tmp_path, monkeypatch):
    """Where the small report is written; `tmp_path` has its notebook, and its data are in use."""
    shutil.copytree(made_once[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "out"


def page(out, language="en", stem="60-compare-size") -> Page:
    return Page((out / language / f"{stem}.html").read_text("utf-8"))


# --- The page -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_page_is_one_file_without_script_or_request(written, language):
    made = page(written, language)
    names = [tag for tag, _ in made.tags]
    assert names.count("h1") == names.count("main") == 1
    assert not {"script", "iframe", "object", "img", "form", "base"} & {*names}
    assert ("html", {"lang": language}) in made.tags
    outside = [
        link for link in made.links if not link.startswith(("#", "data:", "index.html", "../"))
    ]
    assert outside == []
    policy = next(a["content"] for _, a in made.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert len(made.html.encode()) < 1_000_000


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_link_inside_a_page_arrives_and_no_name_is_used_twice(written, language):
    made = page(written, language)
    assert len(made.ids) == len({*made.ids})
    assert {link[1:] for link in made.links if link.startswith("#")} <= {*made.ids}


def test_a_number_leads_to_its_passage_and_the_passage_back_to_every_use(written, made_once):
    ids = made_once[1]
    made = page(written)
    fact = report.anchor(ids["kien-xuong cells_rated_excellent"])
    uses = [a["id"] for _, a in made.tags if f"#{fact}" in (a.get("href"), a.get("xlink:href"))]
    assert len(uses) == 2, "the table of the figure, and the formula"
    after = made.html[made.html.index(f'id="{fact}">90<') :]
    assert re.findall(r'href="#(u\d+)">Figure 1', after)[:1] == uses[:1]
    assert "Báo Thái Bình (outlet inferred), 5 March 2023 · Kiến Xương, Thái Bình" in made.html


def test_a_derived_number_shows_its_formula_with_linked_operands(written, made_once):
    ids = made_once[1]
    html = page(written, "vi").html
    line = html[html.index('id="d-') :]
    line = re.sub(r"<(?!/?a\b)[^>]*>", "", line[: line.index("</li>")])
    part, whole = (
        report.anchor(ids[f"kien-xuong cells_{n}"]) for n in ("rated_excellent", "under_base")
    )
    assert re.search(rf'href="#{part}">90<.*÷.*href="#{whole}">449<.*= 20,0%', line, re.S)


def test_n_stands_beside_a_derived_share(written):
    said = re.sub(r"<[^>]*>", "", page(written).html)
    assert "of which 20.0% (n = 449) were rated excellent" in said


def test_quotations_are_marked_as_vietnamese_in_the_english_report(written):
    html = page(written).html
    assert '<blockquote lang="vi">' in html and '<em lang="vi">chi bộ</em>' in html


def test_a_language_has_its_own_words_and_none_of_the_other(written):
    english, vietnamese = page(written).html, page(written, "vi").html
    assert "1,142" in english and "A question about" in english
    assert "1.142</a>" in vietnamese and "Một câu hỏi về" in vietnamese
    assert "question" not in vietnamese and "Bốn bài" not in english.split("</header>")[1]


def test_the_same_notebook_gives_the_same_bytes(written, tmp_path):
    files = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    assert len(files) == 11
    pages.write(tmp_path / "60-compare-size.ipynb", written, run=RUN)
    pages.write(tmp_path / "60-compare-size.ipynb", written, run=RUN)
    for path, before in files.items():
        if path.suffix != ".html":  # the first page says that there is no earlier run
            assert path.read_bytes() == before, path.name
    html = page(written).html
    pages.write(tmp_path / "60-compare-size.ipynb", written, run=RUN)
    assert page(written).html == html


def test_the_article_is_not_reprinted(written):
    text = (paths.raw() / "muong-lay-2019.txt").read_text("utf-8-sig")
    shown_words = " ".join(re.sub(r"<[^>]*>", "", page(written).html).split())
    paragraphs = [" ".join(p.split()) for p in text.splitlines() if len(p) > 200]
    assert sum(paragraph in shown_words for paragraph in paragraphs) < len(paragraphs) / 2


# --- What may not be published, and what a notebook lacks ------------------------------------


@pytest.mark.parametrize("missing", ["none.7.members", "none.7.criticism"])
def test_a_cited_id_that_does_not_exist_is_refused(ids, tmp_path, missing):
    said = report.sentence(en="{x}", vi="{x}", x=report.cited("x", [missing]))
    with pytest.raises(ReportInvalid, match=f"no fact or coding '{missing}'"):
        pages.write(executed(tmp_path, outputs=[said]), tmp_path / "out")


def test_made_up_facts_have_no_passages_and_the_report_says_so(ids, tmp_path):
    nb = notebook(shown(ids))
    nb.metadata.party_cells["synthetic"] = True
    nbformat.write(nb, tmp_path / "x.ipynb")
    tables_gone = codebook.load("facts").head(0)
    codebook.save(tables_gone, "facts")
    pages.write(tmp_path / "x.ipynb", tmp_path / "out")
    made = page(tmp_path / "out", "en", "x")
    assert not [link for link in made.links if link.startswith(("#f-", "#c-", "#d-"))]
    assert ">20.0%<" not in made.html and "20.0% were rated excellent" in made.html
    assert report.ui("synthetic_note", "en") in made.html


# --- Passages -------------------------------------------------------------------------------

TEXT = "Có 38 tổ chức; khiển trách 38 đảng viên, cảnh cáo 10. Có 60 chi bộ và 11 bộ."


def taken(measure: str, words: str, quote: str, after: str = "") -> dict:
    """A row whose words stand in `TEXT`, the first time after some others."""
    start = TEXT.index(words, TEXT.index(after))
    row = {"fact_id": f"d.{start}.{measure}", "document_id": "d", "quote": quote}
    return row | {"char_start": start, "char_end": start + len(words)}


@pytest.mark.parametrize(
    ("rows", "passages_"),
    [
        # of two equal numbers the one that was taken is marked
        (
            [taken("members_reprimanded", "38", "khiển trách 38 đảng viên", "trách")],
            ["khiển trách [38] đảng viên"],
        ),
        # two facts on one number: one mark, both have a place to arrive
        ([taken(m, "60", "Có 60 chi bộ") for m in ("cells", "base_cells")], ["Có [60] chi bộ"]),
        # quotations that overlap are one passage, others are not
        (
            [
                taken("cells", "60", "Có 60 chi bộ"),
                taken("cells_assessed", "11", "chi bộ và 11 bộ"),
                taken("members_warned", "10", "cảnh cáo 10"),
            ],
            ["cảnh cáo [10]", "Có [60] chi bộ và [11] bộ"],
        ),
    ],
)
def test_the_words_taken_are_marked_in_their_passage(rows, passages_):
    made = passages.passages(rows, TEXT)
    plain = [re.sub(r"<(/?)mark>", lambda m: "]" if m[1] else "[", html) for html, _ in made]
    assert [re.sub(r"<[^>]*>", "", html) for html in plain] == passages_
    html = "".join(html for html, _ in made)
    assert all(f'id="{passages.anchor(row)}"' in html for row in rows)


def test_whole_years_and_days_read_as_such():
    row = {"period_kind": "as_of", "period_start": "2022-01-01", "period_end": "2022-12-31"}
    assert passages.period(row, "vi") == "2022"
    row = {"period_kind": "mean_of_years", "period_start": "2016-01-01", "period_end": "2018-12-31"}
    assert passages.period(row, "en") == "2016 – 2018 (mean of several years)"


# --- Files ----------------------------------------------------------------------------------


def test_tables_come_as_csv_with_bounds_and_facts(written, made_once):
    ids = made_once[1]
    text = (written / "vi" / "60-compare-size.size.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    last = next(row for row in rows if row["locality_id"] == "muong-khuong")
    assert (last["members"], last["members_low"], last["members_high"]) == ("3550.0", "3550.0", "")
    assert last["members_facts"] == ids["muong-khuong members"]


def test_one_workbook_has_every_table_in_the_language_and_the_sources(written):
    book = openpyxl.load_workbook(written / "vi" / "60-compare-size.xlsx")
    assert book.sheetnames == ["1 size", "2 excellent", "Nguồn"]
    sheet = book["1 size"]
    assert [cell.value for cell in sheet[2]][:3] == [
        "Địa phương",
        "Tổ chức cơ sở đảng",
        "Đảng viên",
    ]
    assert [cell.value for cell in sheet[4]][:3] == ["Mường Lay", "không nêu", 1142]
    assert sheet["C5"].value == "trên 3.550"
    assert any("Báo Thái Bình" in str(cell.value) for row in book["Nguồn"] for cell in row)


def test_no_cell_of_a_file_starts_a_formula(ids):
    table = report.table(pd.DataFrame({"note": [HOSTILE, "\x07x"]}), "t", en=HOSTILE, vi=HOSTILE)
    bundle = table._repr_mimebundle_()[report.MIME]
    made = downloads.files("x", [bundle], [], Sources.load(), "en")
    sheet = openpyxl.load_workbook(io.BytesIO(made["x.xlsx"])).worksheets[0]
    assert [cell.data_type for row in sheet for cell in row] == ["s"] * 4
    assert sheet["A3"].value == HOSTILE
    assert made["x.t.csv"].decode("utf-8-sig").splitlines()[1].startswith("'=1+1")


def test_a_carriage_return_starts_no_row_of_a_file():
    rows = [["a", "b"], ["\r=1+1", "x\r=1+1"]]
    text = downloads._csv(rows).decode("utf-8-sig")
    assert [*csv.reader(io.StringIO(text, newline=""))] == [["a", "b"], ["'\r=1+1", "x\r=1+1"]]


def test_a_report_carries_its_files_inside(written):
    links = [a for _, a in page(written).tags if "download" in a]
    assert [a["download"] for a in links] == [
        "60-compare-size.xlsx",
        "60-compare-size.size.csv",
        "60-compare-size.figure-excellent.csv",
        "60-compare-size.sources.csv",
    ]
    assert all(a["href"].startswith("data:") for a in links)


# --- Run card and index ---------------------------------------------------------------------


def test_the_run_card_says_what_the_report_rests_on(written):
    card = page(written).html.split('class="card"')[1].split("</section>")[0]
    words = " ".join(re.sub(r"<[^>]*>", " ", card).split())
    assert "Facts and coded passages used 6 Confirmed by a person 1 of 6" in words
    assert "<title>Four articles – Kiến Xương</title>" in page(written).html
    assert "Locality Kiến Xương" in words and "Greatest gap in years 1" in words
    assert "Articles (published) 4 (12 April 2019 – 5 March 2023)" in words
    assert (
        "language" not in words
        and "Data 3f2a3f2a3f2a, Code 9b1c9b1c9b1c" in words
        and "7777" not in words
    )


def test_the_next_run_tells_which_facts_and_cells_have_changed(written, tmp_path, made_once):
    ids = made_once[1]
    facts = codebook.load("facts")
    facts.loc[facts["fact_id"] == ids["muong-lay members"], "value"] = 1150
    codebook.save(facts, "facts")
    nb = notebook(shown(ids))
    nbformat.write(nb, tmp_path / "60-compare-size.ipynb")
    pages.write(tmp_path / "60-compare-size.ipynb", written, run=RUN)
    html = page(written, "vi").html
    card = html.split('class="card"')[1].split("</section>")[0]
    assert re.search(r"Đảng viên · Mường Lay · 4/12/2019: 1.142 → 1.150", card)
    assert re.search(r"Số tổ chức cơ sở đảng và đảng viên như báo đã in: 1<", card)


def test_a_correction_of_a_row_in_use_and_a_withdrawal_from_an_article_in_use_are_told(
    ids, tmp_path, monkeypatch
):
    row = {"corrected_on": "2026-01-03", "table": "facts", "row_id": ids["muong-lay members"]}
    row |= {"column": "value", "expected_before": "1124", "value_after": "1142"}
    row |= {"reason": "digits swapped", "decided_by": "test"}
    gone = row | {"row_id": "muong-lay-2019.1.members", "column": "fact_id", "value_after": ""}
    others = [one | {"row_id": "other-2019.1.members"} for one in (row, gone)]
    monkeypatch.setattr(decisions, "corrections", lambda: [row, gone, *others])
    pages.write(executed(tmp_path), tmp_path / "out")
    html = page(tmp_path / "out").html
    assert "value: 1124 → 1142 (digits swapped)" in html
    assert "muong-lay-2019.1.members · withdrawn (digits swapped)" in html
    assert "other-2019" not in html


def test_an_open_finding_of_the_audit_is_told_where_its_fact_is_used(ids, tmp_path):
    facts = codebook.load("facts")
    part = facts["fact_id"] == ids["kien-xuong cells_rated_excellent"]
    facts.loc[part, "value"] = 490  # more than all 449
    codebook.save(facts, "facts")
    said = report.sentence(en="{n}", vi="{n}", n=bounded("kien-xuong cells_rated_excellent"))
    pages.write(executed(tmp_path, outputs=[said]), tmp_path / "out")
    words = codebook.labels("vocabulary:audit_verdict", "vi")["impossible"]
    card = page(tmp_path / "out", "vi").html.split('class="card"')[1].split("</section>")[0]
    assert words in card and "Kiến Xương" in card


@pytest.fixture
def landed(written):
    """The small report, a failed run and a copy of the report that is out of date, landed."""
    runs = [
        {"stem": "60-compare-size", "state": "done"},
        {"stem": "70-x", "state": "failed", "error": f"In [3]: {HOSTILE}"},
    ]
    for folder, kind in (("en", "html"), ("vi", "html"), ("records", "json")):
        content = (written / folder / f"60-compare-size.{kind}").read_bytes()
        (written / folder / f"65-old.{kind}").write_bytes(content)
    landing.index(runs, written)
    return written


def test_the_landing_page_sets_the_localities_side_by_side_in_the_order_of_years(landed):
    made = page(landed, "vi", "index")
    names = re.findall(r"<h2>(.*?)</h2>", made.html)
    assert names == ["Nam Đông", "Yên Minh", "Mường Lay", "Mường Khương", "Kiến Xương"]
    assert "trên 3.550" in made.html and "&lt;img" in made.html
    assert "60-compare-size.html" in made.links and "70-x.html" not in made.links
    register = page(landed, "vi", "register")
    assert len(made.html.encode()) < 1_000_000
    to = [link.split("#")[1] for link in made.links if link.startswith("register.html#")]
    rows = [*codebook.load("facts")["fact_id"], *codebook.load("codings")["coding_id"]]
    assert {*to} < {*map(report.anchor, rows)} == {i for i in register.ids if i[1] == "-"}


def test_a_report_about_another_state_of_the_data_says_so_until_it_is_made_again(landed):
    stale = report.ui("stale", "en")
    assert stale in page(landed, "en", "65-old").html
    assert stale not in page(landed, "en").html
    landing.index([{"stem": "65-old", "state": "done"}], landed)
    assert stale not in page(landed, "en", "65-old").html
    assert stale in page(landed, "en").html


def test_links_between_reports_open_the_report_or_else_its_place_on_the_landing_page(landed):
    name = "50-profile-a-locality"
    assert f"index.html#{name}" in page(landed).links
    (landed / "en" / f"{name}.html").write_text("")
    landing.index([], landed)
    assert f"{name}.html" in page(landed).links
    (landed / "en" / f"{name}.html").unlink()
    landing.index([], landed)
    assert f"index.html#{name}" in page(landed).links


def test_one_file_to_send_holds_what_a_reader_opens_and_nothing_else(landed):
    names = zipfile.ZipFile(landing.bundle(landed)).namelist()
    assert {"reports/index.html", "reports/vi/index.html", "reports/en/register.html"} < {*names}
    assert "reports/en/60-compare-size.size.csv" in names
    assert not [name for name in names if name.endswith((".ipynb", ".json", ".zip"))]


@pytest.mark.parametrize("count", [0, 1, 12, 13, 500])
def test_a_landing_page_of_any_number_of_localities(count):
    names = ("document_id", "locality_id", "published_date", "kind")
    rows = [(f"d{n}", f"l{n}", f"{2000 + n}", "x") for n in range(count)]
    documents = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    made = landing._poster(Sources({}, {}, documents, {}, []), {}, "en")
    most = 12 if count <= 12 else 40
    assert (len(made["places"]), made["more"]) == (min(count, most), max(0, count - most))
    assert made["beside"] == (count <= 12)


def test_the_record_names_rows_and_tables_but_no_time_and_no_path(written):
    record = json.loads((written / "records" / "60-compare-size.json").read_text("utf-8"))
    assert len(record["rows"]) == 6 and [*record["tables"]] == ["size"]
    assert "/" not in record["notebook"] and "language" not in record["parameters"]


def test_every_word_that_templates_and_code_ask_for_is_in_the_vocabulary():
    folder = paths.ROOT / "src" / "party_cells" / "batch"
    files = [*folder.rglob("*.py"), *folder.rglob("*.j2")]
    asked = {w for f in files for w in re.findall(r'\bui\(\s*"(\w+)"[,)]', f.read_text("utf-8"))}
    states = {"done", "failed", "out_of_date", "up_to_date"}
    assert len(asked) > 30
    assert asked | states <= {*codebook.labels("vocabulary:ui", "vi")}


def test_every_parameter_of_a_notebook_has_a_name_in_both_languages():
    for path in paths.notebooks().glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        code = [c.source for c in cells if "parameters" in c.metadata.get("tags", [])]
        names = {name for text in code for name in re.findall(r"^(\w+)\s*[:=]", text, re.M)}
        assert names <= {*codebook.labels("vocabulary:parameter", "vi")}, path.name


def test_a_parameter_is_told_in_the_words_of_the_report():
    said = [cards.value(value, "vi") for value in ("unseen", "yen-minh", None, 3)]
    assert said == ["Không dùng để chỉnh", "Yên Minh", "không có", "3"]
