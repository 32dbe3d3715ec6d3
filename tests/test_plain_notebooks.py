"""An ordinary notebook of any kind makes a report; what it lacks is said, nothing is refused."""

import re

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from helpers import paths, report
from party_cells import batch
from party_cells.batch import outputs, pages

FRAME = pd.DataFrame({"a": [1, 2], "b": ["<i>x</i>", "Đảng"]})
STYLED = FRAME.style.format(precision=1).set_caption("Cap").map(lambda _: "color: #112233")
DRAWING = '<svg width="9" height="9" onload="x()"><script>x()</script><circle r="5"/></svg>'
ERROR = {"ename": "ValueError", "evalue": "no", "traceback": ["\x1b[31mValueError\x1b[0m: no"]}


def output(kind: str = "display_data", **data):
    """An output as a kernel sends it; `text_html` stands for text/html."""
    if kind in ("stream", "error"):
        return new_output(kind, **data)
    return new_output(kind, {name.replace("_", "/", 1): value for name, value in data.items()})


@pytest.mark.parametrize(
    ("shows", "holds", "never"),
    [
        (output("stream", name="stdout", text="a\r10 % of /Users/lan/x"), ">10 % of ~/x", "lan"),
        (output("stream", name="stderr", text="careful"), "<pre>careful</pre>", None),
        (output("error", **ERROR), "<pre>ValueError: no</pre>", "\x1b"),
        (output(text_html=FRAME._repr_html_(), text_plain="a b"), "<td>Đảng</td>", "<i>"),
        (output(text_html=STYLED._repr_html_()), "color: #112233", "<script"),
        (output(text_html=STYLED._repr_html_()), "Cap", None),
        (output(text_html="<script>x()</script>", text_plain="Chart"), "<pre>Chart</pre>", "x()"),
        (output(text_html='<p onclick="x()">w</p>'), "<p>w</p>", "onclick"),
        (output(text_html="<iframe src='https://example.org'></iframe>t"), "t", "example"),
        (output(text_html="<img src='https://example.org/x.png' alt='y'>"), 'alt="y"', "example"),
        (output(text_html=DRAWING), "data:image/svg+xml;base64,", "onload"),
        (output(text_html="<p style='background: url(x)'>w</p>"), "w</p>", "url"),
        (output(text_markdown="**bold** <script>x()</script>"), "<strong>bold</strong>", "x()"),
        (output(text_latex=r"$\alpha$", text_plain="L()"), r"$\alpha$", "L()"),
        (output(**{"image/png": "aGk=\n"}), 'src="data:image/png;base64,aGk="', None),
        (output("display_data", **{"image/jpeg": "aGk="}), "data:image/jpeg", None),
        (output("display_data", **{"image/svg+xml": DRAWING}), "data:image/svg+xml", "onload"),
        (output(**{"application/json": {"a": [1]}, "text_plain": "J"}), '"a": [', ">J<"),
        (
            output(**{"application/vnd.jupyter.widget-view+json": {}, "text_plain": "Slider(5)"}),
            "Slider(5)",
            None,
        ),
    ],
)
def test_every_form_of_output_is_shown_and_none_can_run_or_load(shows, holds, never):
    html = outputs.shown(shows, pages._markdown, "alt")
    assert holds in html
    assert never is None or never not in html


def made(tmp_path, *cells, stem: str = "x", **metadata) -> str:
    """The English page of an executed notebook."""
    nbformat.write(new_notebook(cells=cells, metadata=metadata), tmp_path / f"{stem}.ipynb")
    pages.write(tmp_path / f"{stem}.ipynb", tmp_path / "out")
    return (tmp_path / "out" / "en" / f"{stem}.html").read_text("utf-8")


def ran(*shows, source: str = "1"):
    return new_code_cell(source, outputs=list(shows), execution_count=1)


OWN = [
    'measure = "members"',
    "import pandas as pd\nimport seaborn as sns\nfrom helpers import codebook",
    'facts = codebook.load("facts").query("measure_id == @measure")',
    'facts[["locality_id", "value"]]',
    'sns.barplot(data=facts, x="value", y="locality_id")',
    'print("done")',
]
HEADED = new_markdown_cell("# T\n\n[x](#A-b) [y](#c-d) \n\n## A b\n\n## A b")
ATTACHED = new_markdown_cell("# Pictures\n\n![pic](attachment:p.png) ![far](https://example.org/x)")
ATTACHED["attachments"] = {"p.png": {"image/png": "aGk="}}


def test_a_formula_is_drawn_or_said_to_be_source_and_a_long_line_takes_one_pass():
    assert 'src="data:image/svg+xml' in outputs.formula(r"\frac{a}{b}")
    assert outputs.formula(r"\begin{x}") == r'<code class="math">$\begin{x}$</code>'
    html = pages._markdown(r"$\frac{a}{b}$ and $\begin{x}$")
    assert html.count("<img") == 1 and 'alt="$\\frac{a}{b}$"' in html
    assert outputs.taken(html) == []
    assert len(outputs.text("y" * 3_000_000)) > 3_000_000


@pytest.mark.parametrize(
    ("cells", "title", "holds"),
    [
        ([], "tên tệp", []),
        ([ran(output("stream", name="stdout", text="hi"))], "tên tệp", ["<pre>hi</pre>"]),
        ([new_markdown_cell("<h1 align='center'>In <b>HTML</b></h1>\n\nw")], "In HTML", ["<p>w"]),
        ([new_markdown_cell("w\n\n## Only this")], "Only this", ["<p>w"]),
        ([new_markdown_cell("# A\n\n# B")], "A", [">B</h2>"]),
        ([ATTACHED], "Pictures", ["data:image/png;base64,aGk="]),
        ([HEADED], "T", ['href="#A-b"', '<h2 id="A-b">', 'id="A-b-2"']),
        ([new_raw_cell("raw <b>")], "tên tệp", ["<pre>raw &lt;b&gt;</pre>"]),
        ([new_markdown_cell("$x^2$ | $$y$$")], "tên tệp", ["$x^2$"]),
        ([new_markdown_cell("# Tiêu đề", metadata={"tags": ["vi"]})], "Tiêu đề", []),
        (
            [new_markdown_cell(f"# {tag}", metadata={"tags": [tag]}) for tag in ("vi", "en")],
            "en",
            [],
        ),
    ],
)
def test_a_page_has_the_best_title_and_all_that_the_notebook_shows(tmp_path, cells, title, holds):
    html = made(tmp_path, *cells, stem="tên tệp")
    assert re.findall(r"<h1>(.*?)</h1>", html) == [title]
    assert all(text in html for text in holds)
    assert (tmp_path / "out" / "vi" / "tên tệp.html").exists()


def test_what_a_notebook_lacks_is_said_on_its_card(tmp_path):
    html = made(
        tmp_path, new_markdown_cell("# T <script>x()</script>"), ran(output(text_plain="1"))
    )
    card = html.split('class="card"')[1]
    for code, much in (("language", 1), ("outputs", 1), ("evidence", 1), ("taken", "script")):
        assert report.ui(f"lacks_{code}", "en").format(much) in card
    assert "0" not in re.findall(r"<dd>(.*?)</dd>", card)


def test_what_is_too_large_for_a_page_lies_beside_it(tmp_path):
    long = pd.DataFrame({"x": range(40_000)}).to_html()
    html = made(tmp_path, ran(output(text_html=long)), ran(output(text_plain="small")))
    assert len(html) < 100_000 and "small" in html
    beside = tmp_path / "out" / "en" / "x.output-1.html"
    assert f'href="{beside.name}"' in html and "<td>39999</td>" in beside.read_text("utf-8")


def test_ordinary_notebooks_run_in_a_batch(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    own = [new_markdown_cell("# Members per base organisation"), *map(new_code_cell, OWN)]
    own[1].metadata["tags"] = ["parameters"]
    nbformat.write(new_notebook(cells=own), folder / "95-own.ipynb")
    raises = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    skipped = new_code_cell("print('never')", metadata={"tags": ["skip-execution"]})
    cells = [raises, skipped, new_code_cell("print('after')")]
    nbformat.write(new_notebook(cells=cells), folder / "sổ có lỗi.ipynb")
    monkeypatch.setattr(paths, "notebooks", lambda: folder)
    kernel = {"name": "ir", "display_name": "R", "language": "R"}
    other = new_notebook(cells=[new_code_cell("x <- 1")], metadata={"kernelspec": kernel})
    nbformat.write(other, folder / "96-r.ipynb")
    assert batch.report(only=("96-r",), out=tmp_path / "out") == 1
    assert "its cells are in R; only notebooks in Python can be run" in capsys.readouterr().out
    names = ("95-own", "sổ có lỗi")
    assert batch.report(only=names, out=tmp_path / "out") == 0, capsys.readouterr().out
    assert report.ui("lacks_evidence", "en") in capsys.readouterr().out
    own = (tmp_path / "out" / "vi" / "95-own.html").read_text("utf-8")
    assert "<h1>Members per base organisation</h1>" in own and "data:image/png" in own
    assert "<td>muong-lay</td>" in own and "<pre>done\n</pre>" in own
    page = (tmp_path / "out" / "en" / "sổ có lỗi.html").read_text("utf-8")
    assert "ZeroDivisionError: division by zero" in page and "after" in page
    assert "<pre>never" not in page
