"""The desk in a notebook: candidates, their article and the decision, one row at a time.

Live only in JupyterLab; everywhere else (a batch, an export) the same call shows a table, so that
no report has an empty box and no notebook keeps the state of a widget.
"""

import getpass
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

import anywidget
import pandas as pd
import traitlets
from IPython.display import HTML, display

from helpers import codebook, corpus, evidence, numbers, report
from helpers.decisions import check_unit, passage_unit
from party_cells import desk
from party_cells.desk import storage, worklist
from party_cells.desk.storage import Row

FIGURE = (
    *("measure_id", "value", "value_low", "low_open", "value_high", "high_open", "bound", "unit"),
    *("place_id", "level", "period_start", "period_end", "period_kind", "status", "scheme_id"),
    *("population_stated", "base_measure_id", "base_text", "quote", "note"),
)
CODING = ("theme_id", "stance", "status", "level", "place_id", "speaker", "note")
RULING = ("follows", "stance", "status", "level", "place_id", "speaker", "note")
HEAD = ("document_id", "number_text", "quote", "state", "decision", "reason", "decided_by", "rule")
FILTERS = ("document_id", "measure_id", "theme_id", "rule", "decision", "state")
SHOWN = 15  # rows of the queue in sight


@dataclass(frozen=True)
class Task:
    """What is decided at the desk: the rows, the columns to fill, how a decision is saved."""

    table: str
    fields: tuple[str, ...]
    actions: tuple[str, ...]
    rows: Callable[[list[corpus.Document]], list[Row]]
    decided: Callable[[Row, str, Row], list[dict]]
    save: Callable[[list[dict], list[Row]], list[Row]]
    unit: storage.Unit


def figures(language: str = "en", by: str | None = None):
    """Check the candidates for facts; in JupyterLab a live desk, elsewhere the queue as a table."""
    articles = {document.document_id: document.text for document in corpus.read_all()}

    def save(after: list[dict], before: list[Row]) -> list[Row]:
        return desk.decide(after, before, articles)

    actions = ("accept", "correct", "reject", "add", "confirm")
    task = Task("checks", FIGURE, actions, worklist.queue, _check, save, check_unit)
    return _open(task, language, by)


def themes(coder: str, language: str = "en"):
    """A coder's own pass over the articles (``coder_1`` or ``coder_2``): no proposals are shown."""

    def own(articles: list[corpus.Document]) -> list[Row]:
        return worklist.codings(coder, articles)

    def decided(row: Row, action: str, fields: Row) -> list[dict]:
        own = {"coder": coder.replace("_", " "), "quote": row.get("number_text") or row["quote"]}
        return [] if action == "reject" else [row | fields | own]

    def save(after: list[dict], before: list[Row]) -> list[Row]:
        return desk.code(coder, after, before)

    actions = ("add", "correct", "reject")
    task = Task(f"codings_{coder}", CODING, actions, own, decided, save, passage_unit)
    return _open(task, language, coder)


def differences(language: str = "en", by: str | None = None):
    """Settle what two coders say differently, passage by passage; both stay on record."""
    actions = ("accept", "correct", "reject", "confirm")
    rows, save = worklist.rulings, desk.adjudicate
    task = Task("adjudications", RULING, actions, rows, _ruling, save, passage_unit)
    return _open(task, language, by)


def _check(row: Row, action: str, fields: Row) -> list[dict]:
    """The decision on a candidate; accepting what was edited is correcting it."""
    edited = any(fields[name] != row[name] for name in FIGURE if name != "note")
    if action in ("reject", "add"):
        said = {"reject": "rejected", "add": "added"}[action]
    elif (action == "confirm" and not edited) or row["decision"] == "added":
        said = row["decision"] or "accepted"
    else:
        said = "corrected" if edited or row["decision"] == "corrected" else "accepted"
    return [row | fields | {"decision": said, "confirmed_by_person": "true"}]


def _ruling(row: Row, action: str, fields: Row) -> list[dict]:
    """The ruling on a passage, and with it on the others of a theme the coders agree on."""
    kept = "false" if action == "reject" else "true"
    said = {"confirm": "confirmed", "accept": "as coded"}.get(action, "")
    ruling = row | fields | {"kept": kept, "reason": fields["reason"] or said}
    others = [other | {"kept": "true", "reason": "the coders agree"} for other in row["others"]]
    return [each | {"confirmed_by_person": "true"} for each in (ruling, *others)]


def _open(task: Task, language: str, by: str | None):
    """The live desk where a person sits before it, the table of its rows elsewhere."""
    in_lab = "JPY_SESSION_NAME" in os.environ  # inherited by a batch that a notebook starts
    if in_lab and not storage.is_read_only():
        return Review(task, language, by or getpass.getuser())
    return _table(task, task.rows(corpus.read_all()))


def _table(task: Task, rows: list[Row]) -> report.Shown:
    """The queue as it stands, for where no kernel answers."""
    columns = ["document_id", "number_text", "theme_id", "measure_id", "decision", "follows"]
    frame = pd.DataFrame(rows, columns=[*columns, "state"]).dropna(axis="columns", how="all")
    return report.table(
        frame.head(20),
        f"queue_{task.table}",
        en=f"The queue: {len(rows)} rows, of which the first are shown",
        vi=f"Hàng đợi: {len(rows)} dòng, hiển thị những dòng đầu",
    )


class Review(anywidget.AnyWidget):
    """The live desk: it holds the queue, and shows the browser one row of it at a time."""

    _esm = Path(__file__).parent / "review.js"
    _css = Path(__file__).parent / "review.css"
    fixed = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, task: Task, language: str, by: str):
        super().__init__()
        self.task, self.by, self.language = task, by, language
        self.filters, self.draft, self.unsaved = {}, None, {}
        self.fixed = self._fixed()
        self._load()
        self._show()
        self.on_msg(self._heard)

    def _ipython_display_(self) -> None:
        """The desk, and folded under it what a saved notebook shows when the kernel is gone."""
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        table = _table(self.task, self.rows, self.language).parts[self.language]["html"]
        summary = escape(self.fixed["words"]["run_again"])
        display(HTML(f"<details><summary>{summary}</summary>{table}</details>"))

    def _load(self) -> None:
        self.documents = corpus.read_all()
        self.articles = {document.document_id: document for document in self.documents}
        self.rows = self.task.rows(self.documents)
        self.at, self.undoable = 0, []
        self.offered = {name: set() for name in FILTERS} | {"document_id": set(self.articles)}
        self._offer(self.rows)

    def _fixed(self) -> dict:
        """What does not change while the desk is open: words, names and choices."""
        fields = self.task.fields
        names = {name: self._names(name) for name in (*fields, *FILTERS)}
        closed = worklist.choices(self.task.table)
        choices = {n: closed.get(n) or list(names[n]) for n in fields if n in closed or names[n]}
        columns = self._labels("vocabulary:column")
        return {
            "words": self._labels("vocabulary:desk"),
            "names": {code: label for found in names.values() for code, label in found.items()},
            "columns": {name: columns.get(name, name) for name in (*fields, *FILTERS)},
            "choices": {
                n: [[c, names[n].get(c, c)] for c in codes] for n, codes in choices.items()
            },
            "fields": list(fields),
            "actions": list(self.task.actions),
        }

    def _names(self, column: str) -> dict[str, str]:
        """The names of a column's codes; none for a column that holds no codes."""
        tables = {"place_id": "localities", "theme_id": "themes"}
        tables |= dict.fromkeys(("measure_id", "base_measure_id"), "measures")
        return self._labels(tables.get(column, f"vocabulary:{column}"))

    def _labels(self, table: str) -> dict[str, str]:
        return report.labels(table, self.language)

    # --- what the browser asks for ------------------------------------------------------------

    def _heard(self, _widget, message: dict, _buffers) -> None:
        said = ""
        try:
            said = getattr(self, f"_on_{message['do']}")(message) or ""
        except storage.DecisionConflict as conflict:
            said = str(conflict)
            self._load()
        except (ValueError, OSError) as refused:
            said = str(refused)
            self.unsaved = message.get("fields", {})  # what was typed stays in the form
        self._show(said)
        self.unsaved = {}

    def _on_go(self, message: dict) -> None:
        self.at, self.draft = int(message["at"]), None

    def _on_step(self, message: dict) -> None:
        visible = self._visible()
        place = visible.index(self.at) if self.at in visible else 0
        if visible:
            self.at = visible[max(0, min(len(visible) - 1, place + int(message["by"])))]
        self.draft = None

    def _on_filter(self, message: dict) -> None:
        self.filters = {name: code for name, code in message["filters"].items() if code}
        visible = self._visible()
        self.at, self.draft = (visible[0] if visible else 0), None

    def _on_name(self, message: dict) -> None:
        self.by = message["by"].strip() or self.by

    def _on_reload(self, _message: dict) -> None:
        self._load()

    def _on_select(self, message: dict) -> None:
        """The words that a person has selected: a new row, or the place of one that was lost."""
        document = self.articles[message["document_id"]]
        row = self._current()
        lost = row is not None and row["at_start"] < 0
        span = _span(document.text, int(message["start"]), int(message["end"]))
        self.draft = (row if lost else _blank(document, self.task.fields)) | span

    def _on_decide(self, message: dict) -> str:
        """Save one decision at once; the rows that were seen are what it replaces."""
        action, row = message["action"], self.draft or self._current()
        if row is None or (self.draft is not None and action == "reject"):
            self.draft = None
            return ""
        if action == "reject" and self.task.unit is check_unit and not message["reason"].strip():
            raise ValueError(self.fixed["words"]["needs_reason"])
        fields = message["fields"] | {"reason": message["reason"].strip()}
        if row["state"] == "new":
            action = "add"
        signed = {"decided_by": self.by, "decided_on": date.today().isoformat()}
        after = [made | signed for made in self.task.decided(row, action, fields)]
        before = self._seen(row)
        saved = self.task.save(after, before)
        self.undoable.append((before, saved, self.rows, self.at))
        self._replace(row, before, saved)
        return f"{self.fixed['words']['saved']}: {row.get('number_text') or row['quote'][:40]}"

    def _on_undo(self, _message: dict) -> str:
        if not self.undoable:
            return ""
        before, after, rows, at = self.undoable.pop()
        self.task.save(before, after)
        self.rows, self.at, self.draft = rows, at, None
        return self.fixed["words"]["undone"]

    # --- rows -----------------------------------------------------------------------------------

    def _seen(self, row: Row) -> list[Row]:
        """The decisions on disk that the person had before their eyes."""
        if row["state"] != "conflict":
            return [row["seen"]] if row["seen"] else []
        unit = self.task.unit(row)
        return [r["seen"] for r in self.rows if r["seen"] and self.task.unit(r) == unit]

    def _replace(self, row: Row, before: list[Row], saved: list[Row]) -> None:
        """Put what was saved where the row stood, and go to the next open one."""
        self.draft = None
        if self.task.unit is passage_unit:  # a ruling may settle several passages
            self.rows = self.task.rows(self.documents)
        else:
            current = self._current() if row["state"] != "new" else None
            kept = [r for r in self.rows if r is not current and r["seen"] not in [*before, {}]]
            decided = [
                {**r, "at_start": row["at_start"], "at_end": row["at_end"]}
                | {"state": "decided", "seen": r}
                for r in saved
            ]
            self.rows = kept[: self.at] + decided + kept[self.at :]
            self._offer(decided)
        self._next_open()

    def _next_open(self) -> None:
        visible = self._visible()
        order = [at for at in visible if at > self.at] + [at for at in visible if at < self.at]
        found = [at for at in order if self.rows[at]["state"] != "decided"]
        self.at = (found or order or [0])[0]

    def _current(self) -> Row | None:
        return self.rows[self.at] if self.at < len(self.rows) else None

    def _visible(self) -> list[int]:
        found = list(range(len(self.rows)))
        for name, code in self.filters.items():
            found = [at for at in found if _code(self.rows[at], name) == code]
        return found

    # --- what the browser is shown --------------------------------------------------------------

    def _show(self, said: str = "") -> None:
        visible = self._visible()
        place = visible.index(self.at) if self.at in visible else 0
        first = max(0, min(place - SHOWN // 2, len(visible) - SHOWN))
        row = self.draft or self._current()
        states = Counter(row["state"] for row in self.rows)
        offered = {name: sorted(codes) for name, codes in self.offered.items() if codes}
        self.view = {
            "list": [self._entry(at) for at in visible[first : first + SHOWN]],
            "progress": {"done": states["decided"], "all": len(self.rows), "here": len(visible)},
            "filters": {name: self.filters.get(name, "") for name in offered},
            "offered": offered,
            "row": row and {n: row.get(n, "") for n in (*self.task.fields, *HEAD)} | self.unsaved,
            "article": self._article(row),
            "by": self.by,
            "can_undo": bool(self.undoable),
            "said": said,
        }

    def _entry(self, at: int) -> dict:
        row = self.rows[at]
        words = row.get("number_text") or row.get("quote", "")[:24]
        about = row.get("measure_id") or row.get("proposed_measure_id") or row.get("theme_id") or ""
        state = row["state"] if row["state"] != "decided" else row.get("decision") or "decided"
        return {"at": at, "here": at == self.at, "words": words, "about": about, "state": state}

    def _offer(self, rows: list[Row]) -> None:
        """Let the filters offer the codes of these rows too."""
        for name, codes in self.offered.items():
            codes.update(_code(row, name) for row in rows)
            codes.discard("")

    def _article(self, row: Row | None) -> dict:
        """The whole article of a row, and the spans that are marked in it."""
        chosen = self.filters.get("document_id") or next(iter(self.articles), "")
        document_id = row["document_id"] if row else chosen
        document = self.articles.get(document_id)
        if document is None:
            return {"document_id": document_id, "text": "", "marks": []}
        here = [r for r in self.rows if r["document_id"] == document_id and r["at_start"] >= 0]
        marks = [[r["at_start"], r["at_end"], r["state"]] for r in here if r is not row]
        marks += [[row["at_start"], row["at_end"], "here"]] if row and row["at_start"] >= 0 else []
        return {"document_id": document_id, "text": document.text, "marks": marks}


def _code(row: Row, column: str) -> str:
    """What a filter of this column looks at; of a measure, the proposed one until it is decided."""
    return row.get(column) or row.get(f"proposed_{column}", "")


def _blank(document: corpus.Document, fields: tuple[str, ...]) -> Row:
    """A row that a person begins: what the document says of itself, nothing else."""
    empty = {n: "" for table in ("checks", "adjudications") for n in codebook.columns(table)}
    locality, day = document.meta["locality_id"], document.meta["published_date"]
    about = {"document_id": document.document_id, "locality_id": locality, "place_id": locality}
    about |= {"level": "district", "rule": "by_hand", "state": "new", "seen": None, "others": []}
    usual = {"period_start": day, "period_end": day, "period_kind": "as_of", "status": "actual"}
    usual |= {"bound": "exact", "population_stated": "true"}
    usual |= {"low_open": "false", "high_open": "false"}
    return empty | about | (usual if "measure_id" in fields else {"stance": "stated"})


def _span(text: str, start: int, end: int) -> Row:
    """The columns of a span: its words, the sentence around them, the number they write."""
    left, right = evidence.paragraph(text, start, end)
    left = max(left, text.rfind(". ", left, start) + 2)
    stop = text.find(". ", end, right)
    percent = text[end : end + 2].strip().startswith("%")
    written = _written(text[start:end], percent)
    return {
        "char_start": str(start),
        "char_end": str(end),
        "at_start": start,
        "at_end": end,
        "number_text": text[start:end],
        "quote": text[left : right if stop < 0 else stop + 1],
        "unit": "share" if percent else "count",
        **{name: written for name in ("value", "value_low", "value_high")},
        **evidence.selectors(text, start, end),
    }


def _written(words: str, percent: bool) -> str:
    """The number that words write, as CSV text; empty where they are no number."""
    try:
        value = numbers.number(words, percent=percent) / (100 if percent else 1)
    except ValueError:
        return ""
    return "" if value != value else f"{value:.12g}"
