"""A small report made by hand: six facts, one coding, an executed notebook that shows them."""

from pathlib import Path

import nbformat
import pandas as pd
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import bounds, codebook, corpus, evidence, report

FACTS = [  # document, place, measure, number, value, bound, unit, period
    ("kien-xuong-2023", "kien-xuong", "cells_under_base", "449", 449, "exact", "count", "2022"),
    ("kien-xuong-2023", "kien-xuong", "cells_rated_excellent", "90", 90, "exact", "count", "2022"),
    ("kien-xuong-2023", "kien-xuong", "cells_rated_good", "318", 318, "exact", "count", "2022"),
    ("yen-minh-2019", "yen-minh", "base_organisations", "65", 65, "exact", "count", "2019-04-12"),
    ("muong-lay-2019", "muong-lay", "members", "1.142", 1142, "exact", "persons", "2019-12-04"),
    ("muong-khuong-2022", "muong-khuong", "members", "3.550", 3550, "at_least", "persons", "2022"),
]


def fact(document_id, place, measure, number, value, bound, unit, period, **changes) -> dict:
    """One valid row of facts.csv, found in the text; ``changes`` override its columns."""
    text = corpus.read(document_id).text
    start = text.index(f" {number} ") + 1
    left, right = evidence.paragraph(text, start, start + len(number))
    columns = [field["name"] for field in codebook.dictionary()["facts"]["schema"]["fields"]]
    row = dict.fromkeys(columns)
    row |= {"fact_id": f"{document_id}.{start}.{measure}", "document_id": document_id}
    row |= {"locality_id": place, "place_id": place, "level": "district", "measure_id": measure}
    row |= {"value": value, "bound": bound, "unit": unit, "number_text": number}
    if bound == "at_least":
        row |= {"value_low": value, "low_open": True}
    row |= {"scheme_id": "2018-2023"} if "rated" in measure else {}
    start_of, end_of = (f"{period}-01-01", f"{period}-12-31") if len(period) == 4 else (period,) * 2
    row |= {"period_start": start_of, "period_end": end_of, "period_kind": "as_of"}
    row |= {"population_stated": True}
    row |= {"status": "actual", "quote": text[left:right], "char_start": start}
    row |= {"char_end": start + len(number), "decided_by": "test", "decided_on": "2026-01-02"}
    row |= {"confirmed_by_person": False} | evidence.selectors(text, start, start + len(number))
    return row | changes


def tables(**changes) -> dict[str, str]:
    """Write facts.csv and codings.csv into the data folder in use; returns ids by measure."""
    rows = [fact(*row, **changes) for row in FACTS]
    codebook.save(pd.DataFrame(rows), "facts")
    text = corpus.read("muong-lay-2019").text
    quote = "nâng cao chất lượng sinh hoạt"
    start = text.index(quote)
    coding = {"coding_id": f"muong-lay-2019.{start}.meeting_quality", "quote": quote}
    coding |= {"document_id": "muong-lay-2019", "theme_id": "meeting_quality", "stance": "stated"}
    coding |= {"status": "done", "level": "district", "place_id": "muong-lay", "speaker": None}
    coding |= {"char_start": start, "char_end": start + len(quote), "follows": "both"}
    coding |= {"reason": "both", "confirmed_by_person": True, "note": None}
    coding |= evidence.selectors(text, start, start + len(quote))
    codebook.save(pd.DataFrame([coding]), "codings")
    ids = {f"{row['place_id']} {row['measure_id']}": row["fact_id"] for row in rows}
    return ids | {"meeting_quality": coding["coding_id"]}


def bounded(place_and_measure: str) -> bounds.Bounded:
    facts = codebook.load("facts")
    key = facts["place_id"] + " " + facts["measure_id"]
    return bounds.from_fact(facts[key == place_and_measure].iloc[0].to_dict())


def shown(ids: dict[str, str]) -> list[report.Shown]:
    """A sentence, a table and a figure."""
    excellent, cells = (
        bounded("kien-xuong cells_rated_excellent"),
        bounded("kien-xuong cells_under_base"),
    )
    sentence = report.sentence(
        en="{place} had {cells} cells, of which {share} were rated excellent.",
        vi="{place} có {cells} chi bộ, trong đó {share} được xếp loại hoàn thành xuất sắc.",
        place=report.label("localities", "kien-xuong"),
        cells=cells,
        share=bounds.share(excellent, cells),
    )
    quality = report.cited(report.label("vocabulary:stance", "stated"), [ids["meeting_quality"]])
    frame = pd.DataFrame(
        {
            "locality_id": ["yen-minh", "muong-lay", "muong-khuong", "kien-xuong"],
            "base_organisations": [bounded("yen-minh base_organisations"), None, None, None],
            "members": [
                None,
                bounded("muong-lay members"),
                bounded("muong-khuong members"),
                bounds.unknown("persons"),
            ],
            "meeting_quality": [None, quality, None, None],
        }
    )
    table = report.table(
        frame,
        "size",
        en="Base organisations and members as printed",
        vi="Số tổ chức cơ sở đảng và đảng viên như báo đã in",
        note_en="Each number has the year of its article.",
        note_vi="Mỗi con số có năm của bài báo.",
    )
    figure = report.figure(
        pd.DataFrame({"locality_id": ["kien-xuong"], "cells_rated_excellent": [excellent]}),
        "excellent",
        lambda language: _bar({"en": "Excellent", "vi": "Xuất sắc"}[language]),
        en="How many cells were rated excellent?",
        vi="Bao nhiêu chi bộ được xếp loại hoàn thành xuất sắc?",
        alt=(
            "Bar: Kiến Xương, 90 cells rated excellent in 2022.",
            "Thanh ngang: Kiến Xương có 90 chi bộ hoàn thành xuất sắc năm 2022.",
        ),
    )
    return [sentence, table, figure]


def _bar(name: str) -> Figure:
    drawn = Figure(figsize=(5, 1))
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.barh(name, 90)
    axes.text(0, 0, name)
    return drawn


def notebook(outputs: list[report.Shown]) -> nbformat.NotebookNode:
    """The executed notebook that shows the outputs, with prose in pairs."""

    def prose(en: str, vi: str) -> list:
        return [
            new_markdown_cell(text, metadata={"tags": [lang]})
            for lang, text in (("en", en), ("vi", vi))
        ]

    cells = prose(
        "# What do four articles print?\n\nA question about *chi bộ* (party cells).",
        "# Bốn bài báo nêu những gì?\n\nMột câu hỏi về *chi bộ*.",
    )
    for at, output in enumerate(outputs, 1):
        cells += prose(
            f"## Question {at}\n\nSee [the next](50-profile-a-locality.ipynb), 5 March 2023.",
            f"## Câu hỏi {at}\n\nXem [báo cáo sau](50-profile-a-locality.ipynb), 5/3/2023.",
        )
        data = output._repr_mimebundle_()
        code = f"table = codebook.load('facts')\nreport.table(table, 'size')  # {at}"
        shows = [new_output("execute_result", data, execution_count=at)]
        cells.append(new_code_cell(code, outputs=shows, execution_count=at))
    meta = {"title": {"en": "Four articles", "vi": "Bốn bài báo"}}
    meta["question"] = {"en": "What do they print?", "vi": "Các bài báo nêu gì?"}
    return new_notebook(cells=cells, metadata={"party_cells": meta})


def executed(folder: Path, stem: str = "60-compare-size", outputs=None) -> Path:
    """Write the notebook where `publish.write` can read it."""
    path = folder / f"{stem}.ipynb"
    nbformat.write(notebook(shown(tables()) if outputs is None else outputs), path)
    return path


RUN = {
    "notebook": "60-compare-size",
    "parameters": {"language": "en", "locality": "kien-xuong", "max_year_gap": 1},
    "fingerprints": {"data": "3f2a" * 16, "code": "9b1c" * 16, "lock": "77" * 32},
}
