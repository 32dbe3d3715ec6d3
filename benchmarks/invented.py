"""An invented collection of any size: articles, their facts, and the truth behind them.

The articles are written the way the local press writes; their places do not exist. Figures are
stated, bounded or left out at stated rates, and errors can be put in: *misprint* (a digit wrong),
*scheme* (tiers named as in the scheme not in force), *rounding* (a rounded count without a word
that says so), *stale* (last year's figures under this year's date). The facts are what a careful
reader takes from the text, errors included. Optional part: notebooks on many articles, benchmarks.
"""

import hashlib
import shutil
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from random import Random

import pandas as pd

from helpers import codebook, decisions, paths

ERRORS = ("misprint", "scheme", "rounding", "stale")
LAST_YEAR = 2023
CODEBOOKS = ("measures", "themes", "terms", "rating_schemes", "vocabulary", "crosswalks")
OLD = ("tsvm", "good", "completed", "weak")
NEW = ("excellent", "good", "completed", "not_completed")
TIER = {
    "tsvm": "trong sạch vững mạnh",
    "excellent": "hoàn thành xuất sắc nhiệm vụ",
    "good": "hoàn thành tốt nhiệm vụ",
    "completed": "hoàn thành nhiệm vụ",
    "weak": "yếu kém",
    "not_completed": "không hoàn thành nhiệm vụ",
}
SYLLABLES = (
    *("An", "Bằng", "Cẩm", "Diên", "Đông", "Gia", "Hà", "Khánh", "Lạc", "Minh", "Nghĩa"),
    *("Phong", "Quảng", "Sơn", "Thanh", "Uyên", "Vân", "Xuân", "Yên", "Tân"),
)
THEMED = {  # sentences for practices and limitations, with their status
    "regular_meetings": ("Các chi bộ duy trì nề nếp sinh hoạt định kỳ hằng tháng.", "done"),
    "thematic_meetings": ("Nhiều chi bộ đã tổ chức tốt sinh hoạt chuyên đề.", "done"),
    "inspection": ("Thời gian tới, huyện sẽ tăng cường công tác kiểm tra, giám sát.", "planned"),
    "admission": ("Cấp ủy quan tâm bồi dưỡng, kết nạp đảng viên mới.", "done"),
    "lim_poor_content": ("Nội dung sinh hoạt ở một số chi bộ còn nghèo nàn.", "done"),
    "lim_weak_criticism": ("Tự phê bình và phê bình ở một số nơi còn nể nang.", "done"),
}


@dataclass
class Collection:
    """Articles (document_id to text), their tables, the true figures and the errors put in.

    `truth` has locality_id, year, measure_id, value (shares 0-1); `injected` document_id and error.
    """

    texts: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[dict]] = field(default_factory=dict)
    truth: list[dict] = field(default_factory=list)
    injected: list[dict] = field(default_factory=list)

    def frame(self, name: str) -> pd.DataFrame:
        """Return one table (facts, codings, documents, localities) or truth, injected."""
        rows = getattr(self, name, None) or self.tables.get(name, [])
        return pd.DataFrame(rows)


def collect(
    localities: int = 60,
    years: int = 10,
    errors: dict[str, float] | None = None,
    seed: int = 0,
    silence: float = 0.3,
    bounded: float = 0.3,
    articles: int = 1,
) -> Collection:
    """Return a collection with `articles` a year from every locality, up to 2023.

    `errors` gives the rate of articles that carry an error of each kind of ERRORS (none by
    default), `silence` the rate at which a group of figures is left out, `bounded` the rate at
    which a figure is said with a bound. The same seed gives the same collection.
    """
    unknown = set(errors or {}) - set(ERRORS)
    if unknown:
        raise ValueError(f"unknown errors {sorted(unknown)}: expected some of {list(ERRORS)}")
    made = Collection(tables={name: [] for name in ("facts", "codings", "documents", "localities")})
    random = Random(seed)
    for at, name in zip(range(localities), _names(), strict=False):
        place = f"loc-{at + 1:04d}"
        made.tables["localities"].append(_locality(place, at + 1, name))
        before = None
        for year in range(LAST_YEAR - years + 1, LAST_YEAR + 1):
            true = _figures(random, before)
            made.truth += _truth(place, year, true)
            for number in range(1, articles + 1):
                kinds = {kind for kind in ERRORS if random.random() < (errors or {}).get(kind, 0)}
                printed = before if "stale" in kinds and before else true
                article = _Article(made, random, place, name, year, kinds, silence, bounded)
                article.document_id += f"-{number}" if number > 1 else ""
                article.write(printed)
            before = true
    return made


def _names():
    """Yield invented names of places, without end."""
    for size in (2, 3, 4):
        for syllables in product(SYLLABLES, repeat=size):
            if len(set(syllables)) == size:
                yield " ".join(syllables)


def _figures(random: Random, before: dict | None) -> dict:
    """Return one year's true counts of a locality, moved a little from the year before."""
    if before is None:
        organisations = random.randint(28, 80)
        size = {"base_organisations": organisations, "cells_under_base": random.randint(120, 480)}
        size |= {"members": random.randint(1500, 9000), "quality": random.uniform(0.72, 0.97)}
    else:
        size = {
            "base_organisations": max(20, before["base_organisations"] + random.randint(-2, 2)),
            "cells_under_base": max(60, before["cells_under_base"] + random.randint(-6, 6)),
            "members": max(800, before["members"] + random.randint(-40, 160)),
            "quality": min(0.985, max(0.6, before["quality"] + random.gauss(0, 0.02))),
        }
    cells = size["cells_under_base"]
    top = round(cells * min(0.995, max(0.5, random.gauss(size["quality"], 0.01))))
    first = round(top * random.uniform(0.12, 0.25))
    last = min(cells - top, random.choice((0, 0, 1, 2, 3, 5)))
    tiers = (first, top - first, cells - top - last, last)
    discipline = (random.randint(3, 30), random.randint(1, 12), random.randint(0, 5))
    return size | {"tiers": tiers, "discipline": discipline}


def _scheme(year: int) -> str:
    return "to-2017" if year <= 2017 else "2018-2023" if year <= 2022 else "2023-2025"


def _truth(place: str, year: int, true: dict) -> list[dict]:
    """Return the true value of every measure that the gate may judge in that year."""
    cells, tiers = true["cells_under_base"], true["tiers"]
    names = OLD if _scheme(year) == "to-2017" else NEW
    values = {name: true[name] for name in ("base_organisations", "cells_under_base", "members")}
    values |= {f"cells_rated_{name}": n / cells for name, n in zip(names, tiers, strict=True)}
    if names is NEW:
        values["cells_rated_good_or_better"] = (tiers[0] + tiers[1]) / cells
    return [
        {"locality_id": place, "year": year, "measure_id": name, "value": value}
        for name, value in values.items()
    ]


class _Article:
    """One article in the making: its text grows with the rows that point into it."""

    def __init__(self, made, random, place, name, year, kinds, silence, bounded):
        self.made, self.random, self.place, self.year = made, random, place, year
        self.kinds, self.silence, self.bounded = kinds, silence, bounded
        self.document_id = f"{place}-{year}"
        self.name = name
        self.text = f"{name}: Nâng cao chất lượng tổ chức cơ sở đảng\n\n15/01/{year + 1}\n\n"
        self.facts, self.codings = [], []
        self.misprint_left = "misprint" in kinds

    def write(self, printed: dict) -> None:
        """Write the paragraphs, then add the article and its rows to the collection."""
        injected = sorted(self.kinds)
        self.made.injected += [{"document_id": self.document_id, "error": one} for one in injected]
        self._size(printed)
        self._theme(self.random.sample(sorted(THEMED), 3))
        self._ratings(printed)
        self._discipline(printed)
        self.text += "\nBài, ảnh: Người viết mẫu\n"
        self._close()

    def _says(self) -> bool:
        return self.random.random() >= self.silence

    def _size(self, printed: dict) -> None:
        start = f"Đến hết năm {self.year}, Đảng bộ huyện {self.name} có "
        if self._says():
            self._sentence(
                start, ("base_organisations", printed["base_organisations"], " tổ chức cơ sở đảng"),
                " với ", ("members", printed["members"], " đảng viên"), ".",
            )  # fmt: skip
        if self._says():
            what = ("cells_under_base", printed["cells_under_base"])
            self._sentence(start, (*what, " chi bộ trực thuộc đảng bộ cơ sở"), ".")
        self.text += "\n"

    def _theme(self, themes: list[str]) -> None:
        for theme_id in themes:
            sentence, status = THEMED[theme_id]
            start = len(self.text)
            self.text += sentence + " "
            self.codings.append(
                {"theme_id": theme_id, "stance": "stated", "status": status, "level": "district"}
                | {"place_id": self.place, "speaker": "author", "quote": sentence}
                | {"char_start": start, "char_end": start + len(sentence)}
            )
        self.text += "\n"

    def _ratings(self, printed: dict) -> None:
        if not self._says():
            return
        old = (_scheme(self.year) == "to-2017") != ("scheme" in self.kinds)
        names = OLD if old else NEW
        scheme = "to-2017" if old else _scheme(max(self.year, 2018))
        cells, tiers = printed["cells_under_base"], printed["tiers"]
        start = f"Kết quả đánh giá, xếp loại năm {self.year}, "
        if self.random.random() < self.bounded:
            name, part = (names[0], tiers[0]) if old else ("good_or_better", sum(tiers[:2]))
            said = TIER["tsvm"] if old else TIER["good"] + " trở lên"
            noun = f" chi bộ trực thuộc đảng bộ cơ sở đạt {said}"
            share = (f"cells_rated_{name}", part / cells, noun)
            self._sentence(start, share, ".", scheme=scheme)
            return
        counts = [
            (f"cells_rated_{name}", n, f" chi bộ {TIER[name]}")
            for name, n in zip(names, tiers, strict=True)
        ]
        whole = ("cells_under_base", cells, " chi bộ trực thuộc đảng bộ cơ sở")
        parts = [part for count in counts for part in (count, ", ")][:-1]
        self._sentence(
            start + "trong tổng số ", whole, " có ", *parts, ".", scheme=scheme, exact=True
        )

    def _discipline(self, printed: dict) -> None:
        if self._says():
            names = ("members_reprimanded", "members_warned", "members_expelled")
            words = ("khiển trách ", "; cảnh cáo ", "; khai trừ ")
            parts = [
                part
                for word, name, n in zip(words, names, printed["discipline"], strict=True)
                for part in (word, (name, n, " đảng viên"))
            ]
            self._sentence(f"Năm {self.year}, các cấp đã kỷ luật ", *parts, "...", exact=True)

    def _sentence(self, *parts, scheme: str = "", exact: bool = False) -> None:
        """Add a sentence of strings and (measure_id, true number, noun after it)."""
        begin, rows = len(self.text), []
        for part in parts:
            if isinstance(part, str):
                self.text += part
                continue
            measure_id, number, noun = part
            row = self._worded(number, exact)
            self.text += row.pop("before")
            row["char_start"] = len(self.text)
            self.text += row["number_text"]
            row["char_end"] = len(self.text)
            self.text += ("%" if row["unit"] == "share" else "") + noun
            rated = "_rated_" in measure_id
            row |= {"measure_id": measure_id, "scheme_id": scheme if rated else ""}
            row["base_measure_id"] = "cells_under_base" if rated else ""
            yearly = rated or measure_id.startswith("members_")
            row |= {
                "period_kind": "flow" if yearly else "as_of",
                "period_end": f"{self.year}-12-31",
            }
            row["period_start"] = f"{self.year}-01-01" if yearly else row["period_end"]
            rows.append(row)
        self.text += "\n"
        self.facts += [row | {"quote": self.text[begin:-1]} for row in rows]

    def _worded(self, number: float, exact: bool) -> dict:
        """Return how a number is printed, and what a careful reader takes from it."""
        unit = "share" if isinstance(number, float) else "count"
        shown = number * 100 if unit == "share" else number
        if unit == "share" or (not exact and self.random.random() < self.bounded):
            return self._with_bound(shown, unit)
        if "rounding" in self.kinds and shown > 50:
            shown = round(shown, -1)
        shown = self._misprinted(shown)
        return _row("", shown, "count", "exact", shown, shown)

    def _with_bound(self, shown: float, unit: str) -> dict:
        step = 1 if unit == "share" else 10
        below = -(-int(shown * 1000) // (1000 * step)) * step - step  # strictly below, in steps
        above = below + 2 * step
        word = self.random.choice(("trên ", "gần ", "khoảng "))
        if word == "khoảng ":
            return _row(word, self._misprinted(round(shown / step) * step), unit, "approx")
        if word == "gần " and not (unit == "share" and above > 100):
            said = self._misprinted(above)
            return _row(word, said, unit, "approx", None, said)
        said = self._misprinted(below)
        return _row("trên ", said, unit, "at_least", said, None)

    def _misprinted(self, shown: int) -> int:
        """Return the number, once per article with a misprint with one digit wrong."""
        digits = str(int(shown))
        if not self.misprint_left or len(digits) < 2 or self.random.random() < 0.5:
            return int(shown)
        self.misprint_left = False
        at = self.random.randrange(len(digits))
        other = self.random.choice([d for d in "123456789" if d != digits[at]])
        return int(digits[:at] + other + digits[at + 1 :])

    def _close(self) -> None:
        """Add the article, its row of the manifest, its facts and its codings."""
        for row in self.facts:
            row["fact_id"] = f"{self.document_id}.{row['char_start']}.{row['measure_id']}"
            row |= {"level": "district", "place_id": self.place, "status": "actual"}
            row |= {"population_stated": True, "base_text": ""}
            self._point(row)
            self.made.tables["facts"].append(row)
        for row in self.codings:
            row["coding_id"] = f"{self.document_id}.{row['char_start']}.{row['theme_id']}"
            row["follows"] = "both"
            self._point(row)
            self.made.tables["codings"].append(row)
        self.made.texts[self.document_id] = self.text
        self.made.tables["documents"].append(
            {
                "document_id": self.document_id,
                "file": f"{self.document_id}.txt",
                "locality_id": self.place,
                "kind": "feature",
                "outlet": "Báo mẫu",
                "outlet_basis": "unknown",
                "title": self.text.split("\n", 1)[0],
                "author": "unknown",
                "url": "unknown",
                "retrieved_on": "unknown",
                "published_date": f"{self.year + 1}-01-15",
                "published_basis": "printed",
                "encoding": "utf-8",
                "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
                "rights": "Invented; free to use.",
            }
        )

    def _point(self, row: dict) -> None:
        """Fill what every row that points into the text has."""
        start, end = row["char_start"], row["char_end"]
        row |= {"document_id": self.document_id, "locality_id": self.place}
        row |= {"prefix": self.text[max(0, start - 32) : start]}
        row |= {"suffix": self.text[end : end + 32], "decided_by": "generator"}
        row |= {"decided_on": "2024-02-01", "confirmed_by_person": False}


def _row(before, shown, unit, bound, low=None, high=None) -> dict:
    """Return a number in the columns of facts.csv; bounds of words are open."""
    scale = 100 if unit == "share" else 1
    is_open = bound != "exact"
    return {
        "before": before,
        "number_text": f"{shown:,}".replace(",", "."),
        "unit": unit,
        "bound": bound,
        "value": shown / scale,
        "value_low": None if low is None else low / scale,
        "low_open": None if low is None else is_open,
        "value_high": None if high is None else high / scale,
        "high_open": None if high is None else is_open,
    }


def _locality(place: str, position: int, name: str) -> dict:
    return {
        "place_id": place,
        "locality_id": place,
        "position": position,
        "name_vi": name,
        "name_en": name,
        "level": "district",
        "province_vi": "Tỉnh mẫu",
        "province_en": "Invented province",
        "successor_verified": False,
        "note": "Invented.",
    }


def write_collection(
    folder: Path,
    localities: int = 60,
    years: int = 10,
    errors: dict[str, float] | None = None,
    seed: int = 0,
) -> Collection:
    """Write a whole data folder (raw/ and processed/) and return the collection.

    Codebooks are copied from the project; every other table of the data dictionary is there, with
    the generated rows or none. Point PARTY_CELLS_DATA at the folder to work on it.
    """
    made = collect(localities, years, errors, seed)
    source, folder = paths.ROOT / "data", Path(folder)
    for part in ("raw", "processed"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        shutil.copy(source / part / "datapackage.json", folder / part)
    for document_id, text in made.texts.items():
        (folder / "raw" / f"{document_id}.txt").write_bytes(text.encode())
    tables = dict(made.tables)
    tables["decisions"] = [_decided(row, "checker", "accepted") for row in tables["facts"]]
    for coder in ("coder_1", "coder_2"):
        own = {"coder": coder.replace("_", " ")}
        tables[f"facts_{coder}"] = [row | own for row in tables["facts"]]
        tables["decisions"] += [_decided(row, coder, "coded") for row in tables["codings"]]
    for table in codebook.dictionary():
        part = "raw" if table == "documents" else "processed"
        path, original = folder / part / f"{table}.csv", source / part / f"{table}.csv"
        if table in CODEBOOKS and original.exists():
            shutil.copy(original, path)
        else:
            path.write_text(_csv(tables.get(table, []), table), "utf-8", newline="\n")
    return made


def _decided(row: dict, hand: str, decision: str) -> dict[str, str]:
    """The line of the log that gives a row."""
    cells = {name: str(_cell(value)) for name, value in row.items()}
    said = {"hand": hand, "decision": decision, "follows": "", "coding_id": ""}
    said |= {"action": "decide", "rule": "synthetic"} if hand == "checker" else {"action": "code"}
    said |= {"proposed_measure_id": cells.get("measure_id", "")}
    return decisions.line({"decided_by": hand.replace("_", " ")} | cells, **said)


def _csv(rows: list[dict], table: str) -> str:
    """Return rows as the text of a table: columns of the dictionary, key order, one format."""
    frame = pd.DataFrame(rows, columns=codebook.columns(table), dtype="object")
    frame = frame.sort_values(codebook.key(table), kind="stable")
    return frame.map(_cell).to_csv(index=False, lineterminator="\n")


def _cell(value) -> object:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else value
