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

LINK = re.compile(r'<a\b([^>]*?)href="#([fcd]-[^"]+)"')
LINKED = re.compile(r'<a\b[^>]*?href="#[fcd]-[^>]*>(.*?)</a>', re.DOTALL)


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
        return cls(
            {anchor(row): row for row in _rows("facts")},
            {anchor(row): row for row in _rows("codings")},
            {row["document_id"]: row for row in _rows("documents")},
            {row["place_id"]: row for row in _rows("localities")},
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
        found = (self.rows[name] for name in {*names} if name in self.rows)
        return sorted(found, key=self._position)

    def _position(self, row: dict) -> tuple:
        meta = self.documents.get(row["document_id"], {})
        place = self.places.get(meta.get("locality_id"), {})
        return place.get("position", 0), row["document_id"], row["char_start"], row_id(row)


def _rows(table: str) -> list[dict]:
    try:
        return codebook.load(table).to_dict("records")
    except FileNotFoundError:
        return []


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
    for name in [name for name in uses if name.startswith("d-")]:
        facts = [sources.facts[report.anchor(i)] for i in derived[name]["facts"]]
        said = [number(fact, language) for fact in facts]
        links = [
            report.linked(words, (fact["fact_id"],), language)
            for words, fact in zip(said, facts, strict=True)
        ]
        formula = derived[name]["formula"] or ", ".join(f"{{{at}}}" for at in range(len(facts)))
        html = escape(formula).replace("*", "×").replace("/", "÷")
        html = re.sub(r"\{(\d+)\}", lambda m, links=links: links[int(m[1])], html)
        html += f" = {escape(derived[name][language])}"
        label = f"{report.ui('formula', language)} {len(lines) + 1}"
        meant = [
            f"{words}: {_label('measures', fact['measure_id'], language)}"
            for words, fact in zip(said, facts, strict=True)
        ]
        line = {"name": name, "html": uses.mark(html, label), "meant": meant, "uses": uses[name]}
        lines.append(line)
    return lines


def articles(uses: Uses, sources: Sources, language: str) -> list[dict]:
    """The articles that are cited, each with its source and its passages; see `article`."""
    cited = groupby(sources.cited(uses), key=lambda row: row["document_id"])
    return [article(name, list(rows), sources, language, uses) for name, rows in cited]


def article(document_id: str, rows: list, sources: Sources, language: str, uses: dict) -> dict:
    """The source of an article and the passages of these rows, each with the rows it holds and
    the links back to where they are used.
    """
    parts = [
        {
            "quote": html,
            "items": [words(row, language) | {"uses": uses.get(anchor(row), [])} for row in part],
        }
        for html, part in passages(rows, sources.text(document_id))
    ]
    return source(document_id, sources, language) | {"passages": parts, "count": len(rows)}


def passages(rows: list[dict], text: str) -> list[tuple[str, list[dict]]]:
    """The passages of one article as HTML with the words taken marked, each with its rows.

    Quotations of facts that overlap are one passage, and so are codings of the same words.
    """
    groups = []
    for row in sorted(rows, key=lambda row: _extent(row, text)):
        start, end = _extent(row, text)
        last = groups[-1] if groups else (0, 0, [{}])
        both_facts = "fact_id" in row and "fact_id" in last[2][0]
        if (start, end) == last[:2] or (both_facts and start < last[1]):
            groups[-1] = last[0], max(end, last[1]), [*last[2], row]
        else:
            groups.append((start, end, [row]))
    return [(_marked(text, start, end, part), part) for start, end, part in groups]


def _extent(row: dict, text: str) -> tuple[int, int]:
    """From where to where a passage goes: a fact's quotation, of a coding some words around it."""
    start, end = row["char_start"], row["char_end"]
    if "fact_id" not in row:
        before, after = (
            row[side] if isinstance(row[side], str) else "" for side in ("prefix", "suffix")
        )
        return start - len(before.partition(" ")[2]), end + len(after.rpartition(" ")[0])
    at = text.find(row["quote"], max(0, end - len(row["quote"])))
    return (at, at + len(row["quote"])) if 0 <= at <= start else (start, end)


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
    meta = sources.documents.get(document_id, {})
    known = {key: value for key, value in meta.items() if _text(value) not in ("", "unknown")}
    place = sources.places.get(known.get("locality_id"), {})
    day = report.date(known["published_date"], language) if "published_date" in known else ""
    outlet = known.get("outlet", "")
    if day and known.get("published_basis") == "inferred":
        day += f" ({report.ui('date_inferred', language)})"
    if outlet and known.get("outlet_basis") == "inferred":
        outlet += f" ({report.ui('outlet_inferred', language)})"
    where = [place.get(f"name_{language}"), place.get(f"province_{language}")]
    return {
        "document": document_id,
        "outlet": outlet or report.ui("outlet_unknown", language),
        "day": day,
        "where": ", ".join(filter(None, map(_text, where))),
        "headline": known.get("title", ""),
        "url": known.get("url", "") if known.get("url", "").startswith("http") else "",
    }


def words(row: dict, language: str) -> dict:
    """What a fact or a coding says, in words: the number or theme, and the details."""
    if "fact_id" in row:
        said = number(row, language)
        status = "" if row["status"] == "actual" else row["status"]
        details = [_label("measures", row["measure_id"], language)]
        rest = [period(row, language), _label("vocabulary:status", status, language)]
        rest += [_label("rating_schemes", row["scheme_id"], language)]
        rest += [_label("vocabulary:value_basis", row.get("value_basis"), language)]
    else:
        said, details = _label("themes", row["theme_id"], language), []
        rest = [_label(f"vocabulary:{n}", row[n], language) for n in ("stance", "status", "level")]
    details += [_label("localities", row["place_id"], language), *rest]
    confirmed = row["confirmed_by_person"] is True
    details += [report.ui("confirmed", language)] if confirmed else []
    return {
        "name": anchor(row),
        "words": said,
        "details": [text for text in details if text],
        "confirmed": confirmed,
    }


def number(row: dict, language: str) -> str:
    """The number of a fact in words: ``trên 3.550``, ``at least 4 per year``."""
    unit = row["unit"] if row["unit"] in ("per_year", "minutes", "years") else ""
    said = bounds.words(bounds.from_fact(row), language)
    return f"{said} {_label('vocabulary:unit', unit, language)}".strip()


def period(row: dict, language: str) -> str:
    """The time a fact is about: a day, a year, or from when to when."""
    ends = [_text(row["period_start"]), _text(row["period_end"])]
    if ends[0].endswith("-01-01") and ends[1].endswith("-12-31"):
        ends = [end[:4] for end in ends]
    days = " – ".join(report.date(day, language) for day in dict.fromkeys(ends) if day)
    if row["period_kind"] != "mean_of_years":
        return days
    return f"{days} ({_label('vocabulary:period_kind', 'mean_of_years', language).lower()})"


def _label(table: str, code, language: str) -> str:
    return _text(report.labels(table, language).get(code, code))


def _text(value) -> str:
    return value if isinstance(value, str) else ""
