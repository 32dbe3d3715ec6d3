"""The README quotes what the tables give, and shows the figure that it names."""

import json
import re

import pytest

from helpers import codebook, corpus, decisions, gate, paths, practices, statements


@pytest.fixture(scope="module")
def computed() -> set[int]:
    """The numbers that the answer may quote, from the committed tables."""
    facts, codings = decisions.facts(), corpus.with_locality(decisions.codings())
    measures, themes = codebook.load("measures"), codebook.load("themes")
    readings = statements.take(facts, measures, codebook.load("rating_schemes"))
    five = corpus.localities()
    outcomes = gate.outcomes(readings, measures, five, places=codebook.load("localities"))
    count, quality = gate.decided(outcomes), outcomes[outcomes["quality"]]
    of = gate.answers(quality).groupby("answer")["n"].sum()
    named = practices.answers(codings, themes).query("status != 'overcome'")
    open_ = named[named[["done", "planned", "rule", "urged", "below"]].sum(axis=1) == 0]
    weak = named[named["theme_id"] == "lim_weak_criticism"]["locality_id"].nunique()
    cells = facts[facts["period_end"] == "2022-12-31"].set_index("measure_id")["value"]
    tiers = ("assessed", "rated_excellent", "rated_good", "rated_completed", "rated_not_completed")
    numbers = [count["quality_n"], count["quality_decided"], *of, len(named), len(open_), weak]
    numbers += [len(five), len(five) - named["locality_id"].nunique(), 2022]
    return {int(n) for n in [*numbers, *(cells[f"cells_{tier}"] for tier in tiers)]}


@pytest.mark.parametrize("name", ["README.md", "README.vi.md"])
def test_the_answer_quotes_only_what_the_tables_give(computed, name):
    text = (paths.ROOT / name).read_text("utf-8")
    answer = re.search(r"\*\*(The answer|Trả lời)\.\*\*(.*?)\n\n", text, re.DOTALL)[2]
    quoted = {int(n) for n in re.findall(r"\d+", answer)}
    assert len(quoted) > 8 and quoted <= computed, quoted - computed


def test_the_figure_is_the_one_of_the_ratings():
    notebook = json.loads((paths.notebooks() / "65-compare-ratings.ipynb").read_text("utf-8"))
    outputs = [out for cell in notebook["cells"] for out in cell.get("outputs", [])]
    drawn = [out["data"]["image/svg+xml"] for out in outputs if "image/svg+xml" in out["data"]]
    shown = (paths.ROOT / "docs" / "rating-bar.svg").read_text("utf-8")
    assert shown == "".join(drawn[0]), "run `make docs/rating-bar.svg`"


def test_the_readme_lists_every_notebook():
    text = (paths.ROOT / "README.md").read_text("utf-8")
    assert {f"notebooks/{p.name}" for p in paths.notebooks().glob("*.ipynb")} == set(
        re.findall(r"notebooks/\d[\w-]+\.ipynb|notebooks/template\.ipynb", text)
    )
