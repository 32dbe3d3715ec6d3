"""Rules that propose themes and cited rules: a dictionary of wordings, aware of negation and plans.

A limitation that is a subject ("công tác kiểm tra") counts only with a word of weakness in its
clause ("chưa thường xuyên"); a practice counts only without one. The wordings are the rows of
`terms.csv` of the kinds theme, stance and citation. Two coders decide, from the text alone.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

import pandas as pd

from helpers import codebook
from helpers.evidence import fold, selectors
from party_cells.proposer import places, spelling
from party_cells.proposer.lexicon import alternatives, over_folded

THEME_COLUMNS = ["char_start", "char_end", "quote", "prefix", "suffix", "theme_id", "stance",
                 "status", "place", "level", "rule", "is_sure"]  # fmt: skip
CITATION_COLUMNS = ["char_start", "char_end", "quote", "prefix", "suffix", "kind", "number",
                    "symbol", "issued_on", "issuer", "rule"]  # fmt: skip
_SENTENCE = over_folded(r"(?:[^.!?\n]|\.(?=\S)|(?<=\btx)\.|(?<=\btp)\.)+")
_CLAUSE = over_folded(r"[^;:]+")
_ISSUER = over_folded(
    r"\)?(?:,? (?:ngày )?[\d/ .-]{6,12})?,? (?:của )?(ban bí thư(?: trung ương)?(?: đảng)?"
    r"|bộ chính trị|"
    r"ban chấp hành trung ương(?: đảng)?|ban tổ chức trung ương|trung ương(?: đảng)?|"
    r"(?:ban thường vụ )?(?:tỉnh ủy|huyện ủy|thị ủy|thành ủy|đảng ủy(?: xã| phường)?)|chính phủ"
    r"|quốc hội|"
    r"ban tổ chức tỉnh ủy|t\.ư)"
)
_DATE = re.compile(
    r",?\s*\(?(?:ngày\s+)?(\d{1,2})(?:\s?[/.-]\s?| tháng )(\d{1,2})"
    r"(?:\s?[/.-]\s?|,? năm )((?:19|20)\d{2})"
)
_SYMBOL = r"(?:số\s+)?(\d{1,4}[a-z]?)(?:\s?[-/]\s?((?:\d{4}/)?[a-zđ][\w-]*(?:\s?/\s?[a-zđ]\w*)*))?"
_CENTRAL = (
    r"(?:hội nghị\s+)?(?:t\.ư|trung ương|tw)\s+(?:lần thứ\s+)?(\d{1,2}|[ivx]+)"
    r"(?:,?\s*\(?khóa\s+([ivx]+(?:, [ivx]+)*)\)?)?"
)


@dataclass(frozen=True, slots=True)
class Wording:
    """One row of kind theme: what it stands for, and how (practice, limitation, direct)."""

    theme: str
    family: str
    pattern: re.Pattern


@cache
def _committed() -> tuple[tuple[Wording, ...], dict[str, re.Pattern], re.Pattern, dict[str, str]]:
    return _compiled(codebook.load("terms"))


def _compiled(
    terms: pd.DataFrame,
) -> tuple[tuple[Wording, ...], dict[str, re.Pattern], re.Pattern, dict[str, str]]:
    rows = terms.fillna("")
    words = rows[rows["kind"] == "theme"]
    themes = tuple(
        Wording(r.id, r.family, over_folded(rf"(?<!\w)(?:{r.pattern})(?!\w)"))
        for r in words.itertuples()
    )
    stances = {
        r.id: over_folded(rf"(?<!\w)(?:{r.pattern})(?!\w)")
        for r in rows[rows["kind"] == "stance"].itertuples()
    }
    kinds = {
        fold(name): r.id
        for r in rows[rows["kind"] == "citation"].itertuples()
        for name in alternatives(r.pattern)
    }
    names = "|".join(sorted(kinds, key=len, reverse=True))
    citation = re.compile(
        rf"(?<!\w)({names})(?:,\s+(?:{names}))?\s+(?:{_SYMBOL}|{fold(_CENTRAL)}|(đảng))(?!\w)"
    )
    return themes, stances, citation, kinds


def propose_themes(
    text: str,
    *,
    published: str | date | None = None,
    locality: str | None = None,
    terms: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Candidates for codings in a canonical text: at most one per theme and sentence.

    ``stance`` is stated or denied ("không né tránh"), ``status`` done, planned, urged, rule or
    overcome, as the words of the sentence tell. ``rule`` names the row of `terms.csv`; ``is_sure``
    is true where its wording says the theme outright, with no word of weakness to be looked for.

    >>> found = propose_themes("Công tác kiểm tra, giám sát chưa được thường xuyên.")
    >>> found[["theme_id", "stance", "status"]].values.tolist()
    [['lim_irregular_inspection', 'stated', 'done']]
    """
    themes, stances, _, _ = _compiled(terms) if terms is not None else _committed()
    spelled = spelling.spell(text)
    folded = fold(spelled.text)
    where = places.Places(
        spelled.text, folded, locality, places.known_places(codebook.load("localities"))
    )
    rows = []
    for sentence in _SENTENCE.finditer(folded):
        where.sentence(*sentence.span())
        rows += _of_sentence(folded, sentence, themes, stances, where)
    for row in rows:
        row["char_start"], row["char_end"] = spelled.written(row["char_start"], row["char_end"])
        row["quote"] = text[row["char_start"] : row["char_end"]]
        row |= selectors(text, row["char_start"], row["char_end"])
    return pd.DataFrame(rows, columns=THEME_COLUMNS)


def _of_sentence(
    folded: str, sentence: re.Match, themes: tuple[Wording, ...],
    stances: dict[str, re.Pattern], where: places.Places,
) -> list[dict]:  # fmt: skip
    start, end = sentence.start(), min(sentence.end(), sentence.start() + 3000)
    seen: dict[str, dict] = {}
    for clause in _CLAUSE.finditer(folded, start, end):
        weak = [m.span() for m in stances["weak"].finditer(folded, *clause.span())]
        denied = [m.span() for m in stances["not_weak"].finditer(folded, *clause.span())]
        weak = [w for w in weak if not any(d[0] <= w[0] < d[1] for d in denied)]
        for wording in themes:
            match = wording.pattern.search(folded, *clause.span())
            if match and wording.theme not in seen and _counts(wording, match, weak, denied):
                turned = wording.family != "practice" and _near(match, denied)
                place = where.at(match.start())
                seen[wording.theme] = {
                    "char_start": clause.start() + len(clause[0]) - len(clause[0].lstrip()),
                    "char_end": clause.start() + len(clause[0].rstrip()),
                    "theme_id": wording.theme,
                    "stance": "denied" if turned else "stated",
                    "status": _status(folded, start, match, stances),
                    "place": place.name,
                    "level": place.level,
                    "rule": f"{wording.family}:{folded[match.start() : match.end()]}",
                    "is_sure": wording.family == "direct",
                }
    return list(seen.values())


def _counts(wording: Wording, match: re.Match, weak: list, denied: list) -> bool:
    """Whether a wording counts here: limitations need a weakness near, practices need none."""
    if wording.family == "direct":
        return True
    close = _near(match, weak)
    if wording.family == "limitation":
        return close or _near(match, denied)
    return not close


def _near(match: re.Match, spans: list[tuple[int, int]]) -> bool:
    """Whether a span stands up to 90 letters behind a match, or just before it."""
    return any(
        match.start() - 30 <= end and start <= match.end() + 90 and start >= match.start() - 40
        for start, end in spans
    )


def _status(folded: str, start: int, match: re.Match, stances: dict[str, re.Pattern]) -> str:
    """How firmly it is said: the nearest word of plan, duty or past before it in the sentence."""
    begin = max(start, match.start() - 300)
    found = {
        name: [m.end() for m in stances[name].finditer(folded, begin, match.start())]
        for name in ("planned", "urged", "overcome", "rule")
    }
    last = {name: ends[-1] for name, ends in found.items() if ends}
    near = {
        name: end for name, end in last.items() if name == "planned" or match.start() - end < 60
    }
    return max(near, key=near.get) if near else "done"


def find_citations(
    text: str,
    *,
    published: str | date | None = None,
    locality: str | None = None,
    terms: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The rules an article cites: kind, number, symbol, day of issue (ISO) and issuer as written.

    >>> cited = "Hướng dẫn số 12-HD/BTCTW, ngày 6/7/2018 của Ban Tổ chức Trung ương"
    >>> row = find_citations(cited).iloc[0]
    >>> row["kind"], row["number"], row["symbol"], row["issued_on"], row["issuer"]
    ('Hướng dẫn', '12', 'HD/BTCTW', '2018-07-06', 'Ban Tổ chức Trung ương')
    """
    _, _, pattern, kinds = _compiled(terms) if terms is not None else _committed()
    spelled = spelling.spell(text)
    folded = fold(spelled.text)
    rows = []
    for match in pattern.finditer(folded):
        named, number, symbol, plenum, term, whole = match.groups()
        if whole and named != fold("điều lệ"):
            continue
        day = _DATE.match(folded, match.end())
        issuer = _ISSUER.match(folded, day.end() if day else match.end())
        end = issuer.end() if issuer else day.end() if day else match.end()
        mark = re.sub(r"\s", "", spelled.text[slice(*match.span(3))]) if symbol else ""
        start, end = spelled.written(match.start(), end)
        rows.append(
            {
                "char_start": start,
                "char_end": end,
                "quote": text[start:end],
                **selectors(text, start, end),
                "kind": kinds[named],
                "number": (number or plenum or "").upper(),
                "symbol": mark,
                "issued_on": _iso(day),
                "issuer": _issuer(spelled.text, issuer, plenum, term),
                "rule": f"citation:{kinds[named]}",
            }
        )
    return pd.DataFrame(rows, columns=CITATION_COLUMNS)


def _issuer(text: str, issuer: re.Match | None, plenum: str | None, term: str | None) -> str:
    if plenum:
        return f"Trung ương (khóa {term.upper()})" if term else "Trung ương"
    return text[issuer.start(1) : issuer.end(1)] if issuer else ""


def _iso(day: re.Match | None) -> str:
    try:
        return date(int(day[3]), int(day[2]), int(day[1])).isoformat() if day else ""
    except ValueError:
        return ""
