"""Where the numbers of a report come from: the cited passages, and the formulas between them.

A link in a report leads to ``#f-…`` (a fact), ``#c-…`` (a coding) or ``#d-…`` (the formula of a
derived number). Here each of them becomes a passage with its words marked, its outlet, date and
place, and links back to every use.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import groupby

import pandas as pd

from helpers import bounds, codebook, corpus, decisions, report
from party_cells import audit, desk

_NAME = r'([fc]-[^"]+\.\d+\.[^"]+|d-[0-9a-f]{10})"'  # of a row or of a formula
LINK = re.compile(rf'<a\b([^>]*?)href="#{_NAME}')
LINKED = re.compile(rf'<a\b[^>]*?href="#{_NAME}[^>]*>(.*?)</a>', re.DOTALL)
_TOLD = {  # what is told of a fact and of a coding beside its number or theme
    "fact_id": ("measure_id", "place_id", "period", "status", "scheme_id", "value_basis"),
    "coding_id": ("place_id", "stance", "status", "level"),
}


@dataclass(frozen=True)
class Sources:
    """What links lead to: facts and codings by anchor, documents and places by id."""

    facts: dict[str, dict]
    codings: dict[str, dict]
    documents: dict[str, dict]
    places: dict[str, dict]
    corrections: list[dict]

    @classmethod
    def load(cls) -> "Sources":
        """The tables of the data folder in use; facts and codings may not be there yet."""
        names = ("facts", "codings", "documents", "localities")
        facts, codings, documents, places = map(_rows, names)
        return cls(
            {anchor(row): row for row in facts},
            {anchor(row): row for row in codings},
            {row["document_id"]: row for row in documents},
            {row["place_id"]: row for row in places},
            decisions.corrections(),
        )

    @cached_property
    def rows(self) -> dict[str, dict]:
        """Facts and codings by anchor."""
        return self.facts | self.codings

    @cached_property
    def findings(self) -> pd.DataFrame:
        """What the consistency audit says of the facts, as far as no note resolves it."""
        return audit.unresolved(desk.audited())

    def text(self, document_id: str) -> str:
        """The text of an article."""
        return corpus.read_listed(self.documents[document_id]).text

    def cited(self, names: Iterable[str]) -> list[dict]:
        """The rows of these anchors, in the order of localities and of the articles."""
        return sorted((self.rows[n] for n in {*names} & {*self.rows}), key=self._position)

    def _position(self, row: dict) -> tuple:
        meta = self.documents.get(row["document_id"], {})
        place = self.places.get(meta.get("locality_id"), {})
        return place.get("position", 0), row["document_id"], row["char_start"], row_id(row)


def _rows(table: str) -> list[dict]:
    return codebook.load(table).to_dict("records") if codebook.table_path(table).exists() else []


def row_id(row: dict) -> str:
    """The id of a fact or of a coding."""
    return row["fact_id"] if "fact_id" in row else row["coding_id"]


def anchor(row: dict) -> str:
    """The name of the place in a report where the row is shown."""
    return report.anchor(row_id(row))


class Uses(defaultdict):
    """Where each passage and formula is used: by anchor a list of (name of the use, label)."""

    def __init__(self):
        super().__init__(list)
        self.count, self.same = 0, Counter()

    def mark(self, html: str, label: str) -> str:
        """The HTML with a name on every link to a passage, so that the passage can link back."""

        def named(link: re.Match) -> str:
            self.count += 1
            self.same[link[2], label] += 1
            again = self.same[link[2], label]
            self[link[2]].append((f"u{self.count}", f"{label} ({again})" if again > 1 else label))
            return f'<a id="u{self.count}"{link[1]}href="#{link[2]}"'

        return LINK.sub(named, html)


def with_bases(html: str, derived: dict[str, dict], sources: Sources, language: str) -> str:
    """The HTML with n, the whole that a share is a part of, beside every derived share."""

    def beside(link: re.Match) -> str:
        line = derived[link[1]]
        at = re.findall(r"/ \{(\d+)\}", line["formula"])
        wholes = {number(sources.facts[report.anchor(line["facts"][int(i)])], language) for i in at}
        if len(wholes) != 1 or not line[language].endswith("%"):
            return link[0]
        return f'{link[0]} <small class="base">(n = {escape(wholes.pop())})</small>'

    return re.sub(r'<a class="n" href="#(d-\w+)">[^<]*</a>', beside, html)


def formulas(derived: dict[str, dict], uses: Uses, sources: Sources, language: str) -> list[dict]:
    """The formula of each derived number that is used, with its operands linked."""
    lines = []
    for at, name in enumerate([name for name in uses if name.startswith("d-")], 1):
        line = derived[name]
        facts = [sources.facts[report.anchor(fact_id)] for fact_id in line["facts"]]
        said = [(number(fact, language), fact) for fact in facts]
        links = [report.linked(words, (fact["fact_id"],), language) for words, fact in said]
        formula = line["formula"] or ", ".join(["{}"] * len(facts))
        html = formula.replace("*", "×").replace("/", "÷").format(*links)
        html = uses.mark(
            f"{html} = {escape(line[language])}", f"{report.ui('formula', language)} {at}"
        )
        meant = [f"{words}: {_named(fact, 'measure_id', language)}" for words, fact in said]
        lines.append({"name": name, "html": html, "meant": meant, "uses": uses[name]})
    return lines


def articles(uses: Uses, sources: Sources, language: str) -> list[dict]:
    """The articles that are cited, each with its source and its passages; see `article`."""
    cited = groupby(sources.cited(uses), key=lambda row: row["document_id"])
    return [article(name, list(rows), sources, language, uses) for name, rows in cited]


def article(document_id: str, rows: list, sources: Sources, language: str, uses: dict) -> dict:
    """The source of an article and the passages of these rows, each with the rows it holds and
    the links back to where they are used.
    """
    parts = []
    for html, held in passages(rows, sources.text(document_id)):
        items = [words(row, language) | {"uses": uses.get(anchor(row), [])} for row in held]
        parts.append({"quote": html, "items": items})
    return source(document_id, sources, language) | {"passages": parts, "count": len(rows)}


def passages(rows: list[dict], text: str) -> list[tuple[str, list[dict]]]:
    """The passages of one article as HTML with the words taken marked, each with its rows.

    Quotations of facts that overlap are one passage, and so are codings of the same words.
    """
    groups = []
    for (start, end), row in sorted(
        ((_extent(row, text), row) for row in rows), key=lambda p: p[0]
    ):
        first, last, held = groups[-1] if groups else (0, 0, [{}])
        both_facts = "fact_id" in row and "fact_id" in held[0]
        if (start, end) == (first, last) or (both_facts and start < last):
            groups[-1] = first, max(end, last), [*held, row]
        else:
            groups.append((start, end, [row]))
    return [(_marked(text, start, end, held), held) for start, end, held in groups]


def _extent(row: dict, text: str) -> tuple[int, int]:
    """From where to where a passage goes: a fact's quotation, of a coding some words around it."""
    start, end = row["char_start"], row["char_end"]
    if "fact_id" in row:
        at = text.find(row["quote"], max(0, end - len(row["quote"])))
        return (at, at + len(row["quote"])) if 0 <= at <= start else (start, end)
    before, after = (_text(row[side]) for side in ("prefix", "suffix"))
    return start - len(before.partition(" ")[2]), end + len(after.rpartition(" ")[0])


def _marked(text: str, start: int, end: int, rows: list[dict]) -> str:
    """A stretch of the text as HTML with the words of each row marked and named."""
    names, html, at = defaultdict(list), "", start
    for row in rows:
        names[row["char_start"], row["char_end"]].append(anchor(row))
    for (first, last), here in sorted(names.items()):
        first, last = max(first, at), max(last, at)
        words = escape(text[first:last])
        for name in here:
            words = f'<span class="at" id="{name}">{words}</span>'
        html, at = f"{html}{escape(text[at:first])}<mark>{words}</mark>", last
    return html + escape(text[at:end])


def source(document_id: str, sources: Sources, language: str) -> dict[str, str]:
    """Outlet, day, place, headline and address of an article; what is inferred says so."""
    row = sources.documents.get(document_id, {})
    known = {key: value for key, value in row.items() if _text(value) not in ("", "unknown")}
    place = sources.places.get(known.get("locality_id"), {})
    day = report.date(known.get("published_date", ""), language)
    told = {"outlet": known.get("outlet", ""), "published": day}
    for name, code in (("outlet", "outlet_inferred"), ("published", "date_inferred")):
        if told[name] and known.get(f"{name}_basis") == "inferred":
            told[name] += f" ({report.ui(code, language)})"
    where = [_text(place.get(f"{name}_{language}")) for name in ("name", "province")]
    url = known.get("url", "")
    return {
        "document": document_id,
        "outlet": told["outlet"] or report.ui("outlet_unknown", language),
        "day": told["published"],
        "where": ", ".join(filter(None, where)),
        "headline": known.get("title", ""),
        "url": url if url.startswith("http") else "",
    }


def words(row: dict, language: str) -> dict:
    """What a fact or a coding says, in words: the number or theme, and the details."""
    is_fact, confirmed = "fact_id" in row, row["confirmed_by_person"] is True
    told = row | {"period": period(row, language)} if is_fact else row
    told = told | {"status": "" if row["status"] == "actual" else row["status"]}
    details = [
        _named(told, column, language) for column in _TOLD["fact_id" if is_fact else "coding_id"]
    ]
    details.append(report.ui("confirmed", language) if confirmed else "")
    return {
        "name": anchor(row),
        "words": number(row, language) if is_fact else _named(row, "theme_id", language),
        "details": [text for text in details if text],
        "confirmed": confirmed,
    }


def number(row: dict, language: str) -> str:
    """The number of a fact in words: ``trên 3.550``, ``at least 4 per year``."""
    said = bounds.words(bounds.from_fact(row), language)
    is_told = row["unit"] in ("per_year", "minutes", "years")
    return f"{said} {_named(row, 'unit', language)}" if is_told else said


def period(row: dict, language: str) -> str:
    """The time a fact is about: a day, a year, or from when to when."""
    ends = [_text(row["period_start"]), _text(row["period_end"])]
    if ends[0].endswith("-01-01") and ends[1].endswith("-12-31"):
        ends = [end[:4] for end in ends]
    days = " – ".join(report.date(day, language) for day in dict.fromkeys(ends) if day)
    is_mean = row["period_kind"] == "mean_of_years"
    return f"{days} ({_named(row, 'period_kind', language).lower()})" if is_mean else days


def _named(row: dict, column: str, language: str) -> str:
    return report.translated(_text(row.get(column)), column, language)


def _text(value) -> str:
    return value if isinstance(value, str) else ""
