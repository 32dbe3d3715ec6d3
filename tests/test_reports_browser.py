"""Reports in headless Chromium: accessibility, no request, hostile text, links, narrow screens.

Skipped by name where there is no Chromium (see the fixture ``browser``).
"""

import shutil

import nbformat
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from small_report import RUN, _bar, executed, notebook, shown, tables

from helpers import codebook, paths, report
from party_cells.batch import landing, pages

STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
WAYS_IN = [
    "<script>window.hit=1</script>",
    "<img src=https://example.org/x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "' onmouseover='window.hit=1",
    "</style><script>window.hit=1</script>",
    "</title><script>window.hit=1</script>",
    "javascript:window.hit=1",
    "{{ 7*7 }}{% for x in y %}${7*7}",
    "[x](javascript:window.hit=1) ![x](https://example.org/x.png) <b>bold</b>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<meta http-equiv=refresh content='0;url=https://example.org/'>",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
]
HOSTILE = " ".join(WAYS_IN)
HOSTILE_STEM = "x'\"><img src=x onerror=window.hit=1> &amp; {{7*7}}"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The small report and the index, in both languages."""
    folder = tmp_path_factory.mktemp("reports")
    shutil.copytree(paths.ROOT / "data", folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.DATA_VARIABLE, str(folder / "data"))
        pages.write(executed(folder), folder / "out", run=RUN)
        landing.index([RUN | {"stem": "60-compare-size", "state": "done"}], folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The same with hostile text in the article, labels, captions, prose and the file name."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(paths.ROOT / "data", folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.DATA_VARIABLE, str(folder / "data"))
        path = hostile_notebook(folder)
        run = {"notebook": path.name, "parameters": {HOSTILE: HOSTILE}}
        run |= {"fingerprints": {"data": HOSTILE}}
        pages.write(path, folder / "out", run=run)
        failed = {"stem": HOSTILE_STEM, "notebook": HOSTILE, "state": "failed", "error": HOSTILE}
        landing.index([failed], folder / "out")
    return folder / "out"


def hostile_notebook(folder):
    """An executed notebook that shows hostile words wherever data can put them."""
    ids = tables()
    poison("documents", "title", "outlet", "url")
    poison("localities", "name_en", "name_vi", "province_en", "province_vi")
    poison("measures", "label_en", "label_vi")
    facts = codebook.load("facts")
    facts["quote"] = HOSTILE + " " + facts["number_text"] + " " + HOSTILE
    facts["note"], facts["prefix"], facts["suffix"] = HOSTILE, HOSTILE[-33:] + " ", HOSTILE[:32]
    codebook.save(facts, "facts")
    cells = [cell for cell in notebook(shown(ids)).cells]
    table = pd.DataFrame({"quote": WAYS_IN, "locality_id": WAYS_IN, "note": WAYS_IN})
    more = [
        report.table(table, "hostile", en=HOSTILE, vi=HOSTILE, note_en=HOSTILE, note_vi=HOSTILE),
        report.sentence(en="{x}", vi="{x}", x=report.cited(HOSTILE, [ids["meeting_quality"]])),
        hostile_figure(),
    ]
    for output in more:
        data = output._repr_mimebundle_()
        outputs = [new_output("display_data", data)]
        cells.append(new_code_cell(f'x = """{HOSTILE}"""', outputs=outputs, execution_count=9))
    words = HOSTILE.replace("![x]", "[x]")
    cells += [new_markdown_cell(f"## {words}", metadata={"tags": [lang]}) for lang in ("en", "vi")]
    both = {"en": HOSTILE, "vi": HOSTILE}
    meta = {"party_cells": {"title": both, "question": both}}
    path = folder / f"{HOSTILE_STEM}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=meta), path)
    return path


def poison(table: str, *columns: str) -> None:
    frame = codebook.load(table)
    frame[list(columns)] = HOSTILE
    codebook.save(frame, table)


def hostile_figure() -> report.Shown:
    frame, words = pd.DataFrame({"note": WAYS_IN}), (f"English {HOSTILE}", f"Tiếng Việt {HOSTILE}")
    return report.figure(frame, "drawn", lambda _: _bar("x"), en=HOSTILE, vi=HOSTILE, alt=words)


@pytest.fixture
def visit(browser):
    """Open a page as a reader would; collects what it asks of the network and complains of."""
    contexts = []

    def opened(path, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("dialog", lambda dialog: (page.said.append("a dialog"), dialog.dismiss()))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


PAGES = [
    f"{language}/{stem}"
    for language in ("en", "vi")
    for stem in ("60-compare-size", "index", "register")
]


@pytest.mark.parametrize("name", [*PAGES, "index"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_no_accessibility_violation(visit, reports, name, width, scheme):
    page = visit(reports / f"{name}.html", width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page, options=STANDARD)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_but_the_file_itself_is_asked_for(visit, reports, name):
    page = visit(reports / f"{name}.html")
    assert page.asked == [(reports / f"{name}.html").as_uri()]
    assert page.said == [], "the content security policy refused something"


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_screen_shows_the_whole_width(visit, reports, name):
    page = visit(reports / f"{name}.html", width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = "[...document.querySelectorAll('p, li, td, th, figcaption')]"
    assert page.evaluate(f"{small}.every(e => parseFloat(getComputedStyle(e).fontSize) >= 12)")


def test_a_click_on_a_number_leads_to_its_words_and_back(visit, reports):
    page = visit(reports / "vi" / "60-compare-size.html")
    page.click("td a:has-text('trên 3.550')")
    words = page.locator(".at:target")
    assert words.inner_text() == "3.550" and words.is_visible()
    assert page.evaluate("document.querySelector('.at:target').getBoundingClientRect().top") < 800
    page.click(".passage:has(.at:target) .back a:has-text('Bảng 1')")
    assert page.evaluate("document.querySelector(':target').textContent") == "trên 3.550"


def test_the_skip_link_is_the_first_stop(visit, reports):
    page = visit(reports / "en" / "60-compare-size.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"


def test_the_print_has_the_numbers_and_hides_what_only_a_screen_needs(visit, reports):
    page = visit(reports / "en" / "60-compare-size.html")
    page.emulate_media(media="print")
    for gone in (".skip", "header nav", "details.code", "#files"):
        assert not page.locator(gone).first.is_visible(), gone
    for kept in ("h1", ".card", "table", "figure svg", ".passage mark"):
        assert page.locator(kept).first.is_visible(), kept
    assert len(page.pdf()) > 10_000


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("stem", [HOSTILE_STEM, "index", "register"])
def test_hostile_text_is_shown_as_text(visit, hostile, language, stem):
    path = hostile / language / f"{stem}.html"
    page = visit(path)
    for event in ("mouseover", "focus", "click"):
        page.evaluate(
            f"document.querySelectorAll('*').forEach(e => e.dispatchEvent(new Event('{event}')))"
        )
    assert page.evaluate("window.hit") is None
    assert page.asked == [path.as_uri()] and page.said == []
    assert page.locator("script, iframe, img, object, link[rel=stylesheet], [onload]").count() == 0
    assert page.locator("[onerror], [onmouseover], a[href^='javascript']").count() == 0
    body = page.inner_text("body")
    assert [words for words in WAYS_IN if words not in body] == []


def test_links_to_a_file_of_a_hostile_name_arrive(visit, hostile):
    page = visit(hostile / "en" / f"{HOSTILE_STEM}.html")
    assert "<script>" in page.title()
    page.click("header a[lang=vi]")
    assert page.evaluate("document.documentElement.lang") == "vi"
    with page.expect_download() as saved:
        page.click("#files a >> nth=0")
    assert saved.value.suggested_filename.endswith(".xlsx")
