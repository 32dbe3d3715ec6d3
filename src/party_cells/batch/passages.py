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
from itertools import takewhile

import pandas as pd

from helpers import bounds, codebook, decisions, report
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
        facts = [sources.facts[report.anchor(line["facts"][int(i)])] for i in at]
        wholes = {number(fact, language) for fact in facts}
        if len(wholes) != 1 or not line[language].endswith("%"):
            return link[0]
        return f'{link[0]} <small class="base">(n = {escape(wholes.pop())})</small>'

    return re.sub(r'<a class="n" href="#(d-\w+)">[^<]*</a>', beside, html)


def formulas(derived: dict[str, dict], uses: Uses, sources: Sources, language: str) -> list[dict]:
    """The formula of each derived number that is used, with its operands linked."""
    lines = []
    for name in [name for name in uses if name.startswith("d-")]:
        line, facts = (
            derived[name],
            [sources.facts[report.anchor(i)] for i in derived[name]["facts"]],
        )
        links = [report.linked(number(f, language), (f["fact_id"],), language) for f in facts]
        formula = line["formula"] or ", ".join(f"{{{at}}}" for at in range(len(facts)))
        html = escape(formula).replace("*", "×").replace("/", "÷")
        html = re.sub(r"\{(\d+)\}", lambda m, links=links: links[int(m[1])], html)
        label = f"{report.ui('formula', language)} {len(lines) + 1}"
        html = uses.mark(f"{html} = {escape(line[language])}", label)
        meant = [
            f"{number(f, language)}: {_label('measures', f['measure_id'], language)}" for f in facts
        ]
        lines.append({"name": name, "html": html, "meant": meant, "uses": uses[name]})
    return lines


def passages(uses: Uses, sources: Sources, language: str) -> list[dict]:
    """The cited passages in the order of the articles, each once, with links back to its uses."""
    return [
        passage(rows, sources, language)
        | {"items": [words(row, language) | {"uses": uses[anchor(row)]} for row in rows]}
        for rows in _gathered(sources.cited(uses))
    ]


def passage(rows: list[dict], sources: Sources, language: str) -> dict:
    """The passage that the rows share: its words as HTML, each row's marked, and its source."""
    start, text = _extent(rows[0])
    marks = defaultdict(list)
    for row in rows:
        at, said = _extent(row)
        text += said[start + len(text) - at :]
        span = (at - start + end for end in _span(row))
        marks[tuple(span)].append(anchor(row))
    return source(rows[0], sources, language) | {"quote": _marked(text, marks)}


def _gathered(rows: list[dict]) -> list[list[dict]]:
    """The rows by passage: facts whose quotes overlap, codings of the same words."""
    groups, last = [], {}
    for row in rows:
        is_fact = "fact_id" in row
        key, here = (row["document_id"], is_fact), _extent(row)
        if any(_continues(_extent(other), here, is_fact) for other in last.get(key, [])):
            last[key].append(row)
        else:
            last[key] = [row]
            groups.append(last[key])
    return groups


def _continues(first: tuple[int, str], second: tuple[int, str], overlap: bool) -> bool:
    """Whether the second stretch of a text says the same as the first where the two overlap."""
    if not overlap:
        return first == second
    shared = first[1][second[0] - first[0] :] if first[0] <= second[0] else ""
    return bool(shared) and (shared.startswith(second[1]) or second[1].startswith(shared))


def _extent(row: dict) -> tuple[int, str]:
    """Where the quotation of a row begins in its article, and the quotation."""
    before, after = _around(row)
    return row["char_start"] - _span(row)[0], f"{before}{row['quote']}{after}"


def _around(row: dict) -> tuple[str, str]:
    """What stands around the words of a coding, whole words; a fact's passage stands alone."""
    if "fact_id" in row:
        return "", ""
    before, after = _text(row["prefix"]), _text(row["suffix"])
    return f"… {before.partition(' ')[2]}", f"{after.rpartition(' ')[0]} …"


def _span(row: dict) -> tuple[int, int]:
    """Where the words taken stand in the quotation.

    A number may occur in its passage more than once; its surroundings tell which one it is.
    """
    if "fact_id" not in row:
        start = len(_around(row)[0])
        return start, start + len(row["quote"])
    quote, words = row["quote"], row["number_text"]

    def surroundings(start: int) -> int:
        before = zip(reversed(quote[:start]), reversed(_text(row["prefix"])), strict=False)
        after = zip(quote[start + len(words) :], _text(row["suffix"]), strict=False)
        return sum(len([*takewhile(lambda p: p[0] == p[1], side)]) for side in (before, after))

    starts = [match.start() for match in re.finditer(re.escape(words), quote)]
    start = max(starts or [0], key=surroundings)
    return start, start + len(words)


def _marked(text: str, marks: dict[tuple[int, int], list[str]]) -> str:
    """The text as HTML with the spans marked and named."""
    html, at = "", 0
    for (start, end), names in sorted(marks.items()):
        start, end = max(start, at), max(end, at)
        words = escape(text[start:end])
        for name in names:
            words = f'<span class="at" id="{name}">{words}</span>'
        html += f"{escape(text[at:start])}<mark>{words}</mark>"
        at = end
    return html + escape(text[at:])


def source(row: dict, sources: Sources, language: str) -> dict[str, str]:
    """Outlet, day, place, headline and address of a row's article; what is inferred says so."""
    meta = sources.documents.get(row["document_id"], {})
    known = {key: value for key, value in meta.items() if _text(value) not in ("", "unknown")}
    place = sources.places.get(known.get("locality_id"), {})
    day = report.date(known["published_date"], language) if "published_date" in known else ""
    outlet, inferred = known.get("outlet", ""), []
    for text, basis, word in (
        (day, "published", "date_inferred"),
        (outlet, "outlet", "outlet_inferred"),
    ):
        inferred.append(
            report.ui(word, language) if text and known.get(f"{basis}_basis") == "inferred" else ""
        )
    where = [place.get(f"name_{language}"), place.get(f"province_{language}")]
    return {
        "document": row["document_id"],
        "outlet": f"{outlet} ({inferred[1]})"
        if inferred[1]
        else outlet or report.ui("outlet_unknown", language),
        "day": f"{day} ({inferred[0]})" if inferred[0] else day,
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
