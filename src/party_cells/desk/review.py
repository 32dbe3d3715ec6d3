"""The desk in a notebook: candidates, their article and the decision, one row at a time.

Live only in JupyterLab; everywhere else (a batch, an export) the same call shows a table, so that
no report has an empty box and no notebook keeps the state of a widget.

The kernel keeps the queue and writes the page (``review.html.j2``); the browser shows it, and sends
back what was pressed: ``{do, id, key, seen, …}``. A decision names its row and what was seen of it,
and is refused on any other. Of every message the browser is told that it was heard, so that it
never shows as saved what is not on disk.
"""

import hashlib
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from html import escape
from itertools import pairwise
from pathlib import Path

import anywidget
import jinja2
import pandas as pd
import traitlets
from IPython.display import HTML, display

from helpers import codebook, corpus, evidence, numbers, report, statements
from helpers.decisions import check_unit, passage_unit
from party_cells import desk
from party_cells.desk import intake, storage, typed, worklist
from party_cells.desk.storage import Row

# The parts of the sentence that a row reads as, and what is folded under it.
FIGURE = (
    ("value", "measure_id", "place_id", "period", "bound", "status"),
    (
        *("level", "unit", "value_basis", "value_low", "low_open", "value_high", "high_open"),
        *("period_kind", "scheme_id", "population_stated", "base_measure_id", "base_text"),
        *("quote", "note"),
    ),
)
CODING = ("theme_id", "status", "place_id", "level", "stance"), ("speaker", "note")
RULING = ("follows", *CODING[0][1:]), CODING[1]
FILTERS = ("document_id", "state", "measure_id", "theme_id", "decision", "rule")
ORDERS = {"by_article": None, "unsure_first": "", "sure_first": "true"}  # which `is_sure` is first
KEYS = {"accept": "a", "reject": "r", "add": "n", "confirm": "f", "undo": "u", "edit": "e"}
KEYS |= {"next": "j ArrowDown", "previous": "k ArrowUp", "search": "/", "keys": "?"}
SAID_AROUND = ("place_id", "level", "period_start", "period_end", "period_kind", "status")
SHOWN = 15  # rows of the queue in sight
IN_BULK = "accepted in bulk"  # in the note of a row until a person confirms it
FIRST, NEXT = 0.7, 0.25  # seconds that articles are read for, at opening and between two messages
TOGETHER = 4  # articles read at a time

FOLDER = Path(__file__).parent
PAGES = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True)
PAGES.trim_blocks = PAGES.lstrip_blocks = True


@dataclass(frozen=True)
class Task:
    """What is decided at the desk: the rows, what they read as, how a decision is saved."""

    table: str
    about: str
    sentence: tuple[str, ...]
    folded: tuple[str, ...]
    actions: tuple[str, ...]
    propose: Callable[[list[corpus.Document]], list[Row]]
    rows: Callable[[list[corpus.Document], list[Row]], list[Row]]
    decided: Callable[[Row, Row, str], list[Row]]
    save: Callable[[list[Row], list[Row]], list[Row]]

    @property
    def coder(self) -> str:
        """Whose pass it is, as ``coder 1``; empty where anybody decides, by name."""
        return self.table.partition("codings_")[2].replace("_", " ")

    def unit(self, row: Row) -> tuple:
        """What a row decides on."""
        return passage_unit(row) if self.about == "theme_id" else check_unit(row)


def figures(language: str = "en", by: str | None = None):
    """Check the candidates for facts; in JupyterLab a live desk, elsewhere the queue as a table."""
    actions = ("accept", "add", "confirm")
    ways = worklist.candidates, worklist.queue, _check, desk.decide
    return _open(Task("checks", "measure_id", *FIGURE, actions, *ways), language, by)


def themes(coder: str, language: str = "en", blind: bool = False):
    """A coder's own pass over the articles (``coder_1`` or ``coder_2``).

    The proposals of the rules are offered unless the pass is to be ``blind``; a passage that was
    accepted from one says so in its note, because it is no independent reading.
    """
    propose = _nothing if blind else partial(worklist.theme_candidates, coder)
    ways = propose, partial(worklist.codings, coder), _passage, partial(desk.code, coder)
    task = Task(f"codings_{coder}", "theme_id", *CODING, ("accept", "add"), *ways)
    return _open(task, language, coder)


def differences(language: str = "en", by: str | None = None):
    """Settle what two coders say differently, passage by passage; both stay on record."""
    ways = _nothing, worklist.rulings, _ruling, desk.adjudicate
    actions = ("accept", "confirm")
    return _open(Task("adjudications", "theme_id", *RULING, actions, *ways), language, by)


def _nothing(_: list[corpus.Document]) -> list[Row]:
    return []


def _check(old: Row, row: Row, action: str) -> list[Row]:
    """The decision on a candidate; accepting what was edited is correcting it."""
    edited = any(row[name] != old[name] for name in row if name not in ("note", "reason"))
    said = "corrected" if edited or old["decision"] == "corrected" else "accepted"
    if action == "reject":
        said = "rejected"
    elif old["state"] == "new" or old["decision"] == "added":
        said = "added"
    elif action == "confirm" and not edited:
        said = old["decision"] or said
    bulk = IN_BULK if action == "accept_all" else ""
    note = f"{row['note'].replace(IN_BULK, '').strip()} {bulk}".strip()
    return [row | {"decision": said, "confirmed_by_person": str(not bulk).lower(), "note": note}]


def _passage(old: Row, row: Row, action: str) -> list[Row]:
    """A coder's passage; one that the rules proposed says so."""
    note = f"from a proposal {row['note']}".strip() if old["state"] == "open" else row["note"]
    said = {"decision": "dismissed"} if action == "reject" else {"decision": "coded", "note": note}
    return [row | said]


def _ruling(_: Row, row: Row, action: str) -> list[Row]:
    """The ruling on a passage, and with it on the others of a theme the coders agree on."""
    said = {"confirm": "confirmed", "accept": "as coded"}.get(action, "")
    ruling = row | {"kept": str(action != "reject").lower(), "reason": row["reason"] or said}
    others = [other | {"kept": "true", "reason": "the coders agree"} for other in row["others"]]
    return [each | {"confirmed_by_person": "true"} for each in (ruling, *others)]


def _open(task: Task, language: str, by: str | None):
    """The live desk where a person sits before it, the table of its rows elsewhere."""
    in_lab = "JPY_SESSION_NAME" in os.environ  # inherited by a batch that a notebook starts
    if in_lab and not storage.is_read_only():
        return Review(task, language, by or "")
    documents = corpus.read_all()
    return _table(task, task.rows(documents, task.propose(documents)))


def _table(task: Task, rows: list[Row]) -> report.Shown:
    """The queue as it stands, for where no kernel answers."""
    columns = ["document_id", "number_text", "theme_id", "measure_id", "decision", "follows"]
    frame = pd.DataFrame(rows, columns=[*columns, "state"]).replace("", None)
    return report.table(
        frame.dropna(axis="columns", how="all").head(20),
        f"queue_{task.table}",
        en=f"The queue: {len(rows)} rows, of which the first are shown",
        vi=f"Hàng đợi: {len(rows)} dòng, hiển thị những dòng đầu",
    )


SAID_OF = {  # how the desk says what other rooms refuse, whichever language they speak
    desk.DecisionIncomplete: "changed",
    intake.ArticleRefused: "place_refused",
    OSError: "not_written",
    ValueError: "not_readable",
}


class Refused(ValueError):
    """What was asked for is not done; the message says why, in the language of the desk."""


class Review(anywidget.AnyWidget):
    """The live desk: it holds the queue, and shows the browser one row of it at a time."""

    _esm = FOLDER / "review.js"
    _css = FOLDER / "review.css"
    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, task: Task, language: str, by: str):
        super().__init__()
        self.task, self.by, self.language = task, by, language
        self.of_themes = task.about == "theme_id"
        self.words = report.labels("vocabulary:desk", language)
        self.columns = report.labels("vocabulary:column", language)
        self.columns = self.columns | {"rule": self.columns["rule_name"]}
        self.hint, self.hinted = None, ()
        self.filters, self.search, self.order = {}, "", "by_article"
        self.document_id, self.key, self.draft, self.asked, self.undoable = "", "", None, "", []
        self._load()
        self._show("")
        self.on_msg(self._heard)

    def _ipython_display_(self) -> None:
        """The desk, and under it what a saved notebook shows when the kernel is gone."""
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        table = _table(self.task, self.rows).parts[self.language]["html"]
        said = escape(self.words["run_again"])
        display(HTML(f'<div class="party-cells-kept"><p>{said}</p>{table}</div>'))

    # --- rows -----------------------------------------------------------------------------------

    def _load(self) -> None:
        """Read the articles, what is decided, and what the rules propose in the first of them."""
        self.listed = _stamp("documents")
        self.documents = corpus.read_all()
        self.articles = {document.document_id: document for document in self.documents}
        self.texts = {name: document.text for name, document in self.articles.items()}
        self.reader = worklist.Reader(self.task.table, self.texts, self.language)
        self.names = {name: worklist.names(name, self.language) for name in FILTERS[:-1]}
        at = report.LANGUAGES.index(self.language)
        closed = self.reader.codes.items()
        self.choices = {c: {code: said[at] for code, said in codes.items()} for c, codes in closed}
        self.unread, self.proposed = self.documents, []
        self._read_on(FIRST)

    def _read_on(self, seconds: float) -> None:
        """Let the rules propose in further articles for a while, in the chosen one first."""
        until, chosen = time.monotonic() + seconds, self.filters.get("document_id")
        self.unread = sorted(self.unread, key=lambda article: article.document_id != chosen)
        while self.unread and time.monotonic() < until:
            self.proposed += self.task.propose(self.unread[:TOGETHER])
            self.unread = self.unread[TOGETHER:]
        self._refresh()

    def _refresh(self) -> None:
        """Take the rows anew from what is decided on disk."""
        self.lines, self.shown, self.by_key = len(storage.log().lines), None, {}
        self.rows = self.task.rows(self.documents, self.proposed)
        for row in self.rows:
            key = "|".join(self.task.unit(row))
            row["key"] = key if key not in self.by_key else f"{key}|{row.get('decided_by', '')}"
            self.by_key[row["key"]] = row
        self.codes = {name: {_code(row, name) for row in self.rows} - {""} for name in FILTERS}
        self.codes["document_id"] |= {*self.articles}

    def _visible(self) -> list[Row]:
        """The rows that the filters leave, in the order that was chosen."""
        if self.shown is None:
            self.shown = [row for row in self.rows if self._passes(row)]
            first = ORDERS[self.order]
            if first is not None:
                self.shown.sort(key=lambda row: row.get("is_sure", "") != first)
        return self.shown

    def _passes(self, row: Row) -> bool:
        fits = all(_code(row, name) == code for name, code in self.filters.items())
        return fits and (not self.search or self.search in self._words(row))

    def _words(self, row: Row) -> str:
        """What the search looks at."""
        words = (row.get("number_text", ""), row["quote"], self.about(row))
        return evidence.fold(" ".join(words))

    def about(self, row: Row) -> str:
        """The name of the measure or theme of a row."""
        return self.named(self.task.about, _code(row, self.task.about))

    def named(self, column: str, code: str) -> str:
        return self.names.get(column, {}).get(code, code)

    def _current(self) -> Row | None:
        """The row before the person's eyes: never one that the filter hides."""
        if self.draft is not None:
            return self.draft
        row = self.by_key.get(self.key)
        if row is None or not self._passes(row):
            row = next(iter(self._visible()), None)
        self.key = row["key"] if row else ""
        return row

    # --- what the browser asks for ------------------------------------------------------------

    def _heard(self, _widget, message: dict, _buffers) -> None:
        said, done = self.view["said"] if message["do"] == "look" else "", True
        try:
            if self.listed != _stamp("documents"):
                self._load()
            elif self.lines != len(storage.log().lines):
                self._refresh()
            said = getattr(self, f"_on_{message['do']}")(message) or said
        except (ValueError, OSError) as refused:
            said, done = self._why(refused), False
        self._show(said)
        self.send({"heard": message.get("id"), "done": done})

    def _why(self, refused: Exception) -> str:
        """A refusal in the words of the desk, whichever table or file it comes from."""
        if isinstance(refused, storage.DecisionConflict):
            self._refresh()
            hands = {row["decided_by"] for pair in refused.pairs for row in pair}
            return f"{self.named('state', 'conflict')}: {', '.join(sorted(hands))}"
        wrong = getattr(refused, "wrong", [])
        if isinstance(refused, codebook.TableInvalid):
            wrong = [(column, "") for column in refused.rows["column"].unique() if column]
        if wrong or isinstance(refused, Refused):
            return "\n".join(self._misfit(*each) for each in wrong) or str(refused)
        code = next(code for kind, code in SAID_OF.items() if isinstance(refused, kind))
        return self.words[code].format(why=refused)

    def _misfit(self, column: str, why: str) -> str:
        """What does not fit; why in full where the desk speaks English."""
        own = self.words.get(f"does_not_fit_{column}", self.words["does_not_fit"])
        said = why if self.language == "en" else ""
        return f"{self.columns.get(column, column)}: {said or own}"

    def _on_look(self, _: dict) -> None:
        """What other hands decided is there already; now is the time for what nobody waits for."""
        if self.unread:
            self._read_on(NEXT)
        elif not self.of_themes:
            self.hint, self.hinted = self._look_ahead(), (self.document_id, self.lines)

    def _on_reload(self, _: dict) -> None:
        self._load()

    def _on_go(self, message: dict) -> None:
        self.key, self.draft = message["key"], None

    def _on_step(self, message: dict) -> None:
        keys = [row["key"] for row in self._visible()]
        at = keys.index(self.key) + int(message["by"]) if self.key in keys else 0
        self.key, self.draft = keys[max(0, min(len(keys) - 1, at))] if keys else "", None

    def _on_filter(self, message: dict) -> None:
        self.filters = {name: message[name] for name in FILTERS if message.get(name)}
        self.search = evidence.fold(typed.clean(message.get("search", "")))
        self.order, self.draft, self.shown = message.get("order", "by_article"), None, None
        if self.filters.get("document_id") in {article.document_id for article in self.unread}:
            self._read_on(NEXT)

    def _on_select(self, message: dict) -> str:
        """The words that a person has selected: the row they carry, or a new one.

        Of a row whose passage was lost they are the new place.
        """
        document, row = self.articles[message["document_id"]], self._current()
        start, end = int(message["start"]), int(message["end"])
        if row and row["at_start"] < 0 and row["document_id"] == document.document_id:
            self.draft = row | _span(document.text, start, end)
            return ""
        here = [r for r in self.rows if r["document_id"] == document.document_id]
        carried = [r for r in here if r["at_start"] < end and start < r["at_end"]]
        key, measure = f"new|{document.document_id}|{start}|{end}", message.get("measure_id")
        if carried and self.asked != key and not measure:
            seen = next((r for r in carried if self._passes(r)), None)
            self.asked, self.draft, self.key = key, None, seen["key"] if seen else self.key
            return self.words["carried" if seen else "hidden"]
        self.draft = _begun(document, self.task, here, start, end) | {"key": key}
        self.draft |= {"measure_id": measure} if measure else {}
        return ""

    def _on_place(self, message: dict) -> str:
        """A village, cell or commune that no article named before, as the form names it."""
        row = self._addressed(message)
        name = typed.clean(message["fields"].get("place_id", ""))
        level = message["fields"].get("level") or row["level"]
        intake.add_place(name, self.articles[row["document_id"]].meta["locality_id"], level=level)
        self._load()
        return f"{self.words['saved']}: {name}"

    def _on_decide(self, message: dict) -> str:
        """Save one decision at once; the rows that were seen are what it replaces."""
        action, row = message["action"], self._addressed(message)
        reason = typed.clean(message.get("reason", ""))
        if action == "reject" and row["state"] == "new":
            self.draft = None
            return ""
        if action == "reject" and not reason:
            raise Refused(self.words["needs_reason"])
        fields = {} if action == "reject" else message.get("fields", {})
        fields |= {"measure_id": message["measure_id"]} if "measure_id" in message else {}
        new, wrong = self.reader.read(row, fields)
        if wrong:
            told = [(self.columns.get(name, name), unread) for name, unread in wrong]
            raise Refused("\n".join(f"{label}: {u.told(self.language)}" for label, u in told))
        new["reason"] = reason or new.get("reason", "")
        following, signed = self._following(row), self._signed(message)
        self._save([(row, each | signed) for each in self.task.decided(row, new, action)])
        self.key = following
        return f"{self.words['saved']}: {row.get('number_text') or row['quote'][:40]}"

    def _on_accept_all(self, message: dict) -> str:
        """Accept all open rows that the filter shows, or the sure ones, in one step."""
        rows = self._acceptable(message["which"])
        if len(rows) != int(message["count"]):
            raise Refused(self.words["changed"])
        problems, signed = desk.rules(self.texts), self._signed(message)
        made = [(row, self.task.decided(row, row, "accept_all")[0] | signed) for row in rows]
        made = [(row, after) for row, after in made if not desk.unfit(after, problems)]
        if made:
            self._save(made)
        left = len(rows) - len(made)
        return self.words["accepted_many"].format(count=len(made), left=left)

    def _on_undo(self, _: dict) -> str:
        if not self.undoable:
            return ""
        key, by, saved = self.undoable.pop()
        try:
            desk.undo(saved, by, date.today().isoformat())
        except desk.DecisionIncomplete:
            raise Refused(self.words["not_undone"]) from None
        self._refresh()
        self.key, self.draft = key, None
        return self.words["undone"]

    # --- decisions ------------------------------------------------------------------------------

    def _addressed(self, message: dict) -> Row:
        """The row that a decision is about, if it still is what the person saw."""
        row = self.draft if self.draft is not None else self.by_key.get(message["key"])
        if row and row["key"] == message["key"] and _token(row) == message["seen"]:
            return row
        self.draft, self.key = None, row["key"] if row else self.key
        other = row.get("decided_by", "") if row else ""
        said = "already" if other not in ("", message.get("by", self.by)) else "changed"
        raise Refused(self.words[said].format(by=other))

    def _signed(self, message: dict) -> Row:
        """Who decides, and when; nobody decides without a name."""
        name = self.task.coder or typed.clean(message.get("by") or self.by)
        if not name:
            raise Refused(self.words["name_first"])
        return {"decided_by": name, "decided_on": date.today().isoformat(), "action": "decide"}

    def _save(self, made: list[tuple[Row, Row]]) -> None:
        """Save rows in the place of others, and remember how to undo it.

        What another hand said first is not ours to undo.
        """
        keys, by = [old["key"] for old, _ in made], made[0][1]["decided_by"]
        units = {self.task.unit(old) for old, _ in made}
        seen = [r["seen"] for r in self.rows if r["seen"] and self.task.unit(r) in units]
        saved = self.task.save([row for _, row in made], seen)
        if others := {row.get("decided_by", by) for row in saved} - {by}:
            self._refresh()
            raise Refused(self.words["already"].format(by=", ".join(others)))
        self.undoable.append((keys[0], by, saved))
        self.draft, self.shown = None, None
        self._put(keys, saved)

    def _put(self, keys: list[str], saved: list[Row]) -> None:
        """The rows that were saved, in the place of those that were shown."""
        alone = len(storage.log().lines) == self.lines + len(saved)  # no other hand's between
        fresh = {"|".join(self.task.unit(row)): row for row in saved}
        if self.of_themes or not alone or {*keys} != {*fresh}:
            return self._refresh()  # a ruling may settle several passages
        for key, row in fresh.items():
            decided = row | {"state": "decided", "seen": row, "key": key}
            self.by_key[key] = fresh[key] = worklist.placed(decided, self.texts)
            for name in FILTERS:
                self.codes[name] |= {_code(row, name)} - {""}
        self.rows, self.lines = [fresh.get(r["key"], r) for r in self.rows], self.lines + len(saved)
        return None

    def _following(self, row: Row) -> str:
        """The key of the next open row that is shown; of this one if there is none."""
        visible = self._visible()
        at = next((at + 1 for at, each in enumerate(visible) if each is row), 0)
        after = (r for r in visible[at:] + visible[:at] if r["state"] != "decided" and r is not row)
        return next(after, row)["key"]

    def _acceptable(self, which: str) -> list[Row]:
        """The open rows that the filter shows and that name a measure."""
        rows = [row for row in self._visible() if row["state"] == "open" and row["measure_id"]]
        return [row for row in rows if which == "all" or row["is_sure"] == "true"]

    # --- what the browser is shown --------------------------------------------------------------

    def _show(self, said: str) -> None:
        """Write the page: the queue around the current row, its article, and the row as a form."""
        row, visible = self._current(), self._visible()
        chosen = self.filters.get("document_id") or self.document_id or next(iter(self.texts), "")
        self.document_id = row["document_id"] if row else chosen
        states = Counter(each["state"] for each in self.rows)
        at = next((at for at, each in enumerate(visible) if each["key"] == self.key), 0)
        first = max(0, min(at - SHOWN // 2, len(visible) - SHOWN))
        bulk = () if self.of_themes else ("all", "sure")
        fresh = self.hinted == (self.document_id, self.lines)
        self.view = {
            "said": said,
            "row": row,
            "seen": row and _token(row),
            "list": visible[first : first + SHOWN],
            "progress": {"done": states["decided"], "all": len(self.rows), "here": len(visible)},
            "acceptable": {which: len(self._acceptable(which)) for which in bulk},
            "hint": self.hint if fresh else None,
            "is_behind": bool(self.unread) or not (fresh or self.of_themes),
        }
        why = "why_codings" if self.of_themes else "why_checks"
        reasons = [word for code, word in sorted(self.words.items()) if why in code]
        about = {"orders": ORDERS, "truths": worklist.TRUTHS, "reasons": reasons, "press": KEYS}
        page = PAGES.get_template("review.html.j2")
        self.html = page.render(desk=self, task=self.task, words=self.words, **about, **self.view)

    def told(self, row: Row) -> str:
        """How far a row is: its state, or what was decided, whether a person confirmed it."""
        if row["state"] == "open" and row.get("is_sure") == "true":
            return self.words["sure"]
        if row["state"] != "decided" or self.of_themes:
            return self.named("state", row["state"])
        how = "confirmed" if row["confirmed_by_person"] == "true" else ""
        how = self.words.get("in_bulk" if IN_BULK in row["note"] else how, "")
        return ", ".join(filter(None, [self.named("decision", row["decision"]), how]))

    def value(self, row: Row, name: str) -> str:
        """A cell as the form shows it, in the words of the reader."""
        if name == "period":
            days = dict.fromkeys([row["period_start"], row["period_end"]])
            return " – ".join(report.date(day, self.language) for day in days if day)
        if name in ("value", *worklist.ENDS):
            return typed.shown(row[name], row["unit"], self.language)
        return row.get(name, "")

    def pieces(self) -> Iterator[tuple[str, str, dict]]:
        """The article cut at every end of a mark: its words, the marks on them, what a click does.

        Marked are the rows, every number, and what is searched for; a click shows the shortest row
        that covers the words, or begins one.
        """
        text, marks, over, at = self.texts.get(self.document_id, ""), self._marks(), [], 0
        edges = sorted({0, len(text), *(end for mark in marks for end in mark[:2])})
        for start, end in pairwise(edges):
            while at < len(marks) and marks[at][0] <= start:
                over.append(marks[at])
                at += 1
            over = [mark for mark in over if mark[1] > start]
            does = [mark[3] for mark in sorted(over, key=_rank) if mark[3]]
            yield text[start:end], " ".join(mark[2] for mark in over), (does or [{}])[0]

    def _marks(self) -> list[tuple[int, int, str, dict]]:
        """Where each mark of the article begins and ends, what it is, what a click on it sends."""
        text, row, marks = evidence.fold(self.texts.get(self.document_id, "")), self.view["row"], []
        rows = [r for r in self.rows if r["document_id"] == self.document_id and r is not row]
        for each in [*rows, *([row] if row else [])]:
            said = "here" if each is row else each["state"]
            does = {"data-do": "go", "data-key": each["key"]}
            marks += (
                [(each["at_start"], each["at_end"], said, does)] if each["at_start"] >= 0 else []
            )
        for one in [] if self.of_themes else numbers.read(text):
            place = {"data-start": one.start, "data-end": one.end}
            does = {"data-do": "select", "data-document_id": self.document_id, **place}
            marks.append((one.start, one.end, "number", does))
        found = re.finditer(re.escape(self.search), text) if self.search else ()
        marks += [(*match.span(), "found", {}) for match in found]
        return sorted(marks, key=lambda mark: mark[0])

    def learned(self) -> str:
        """What the proposer has learned from the decisions of this collection, in a line."""
        own = codebook.table_path("measures").with_name("second_reader.csv")
        day = date.fromtimestamp(own.stat().st_mtime).isoformat() if own.is_file() else ""
        since = sum(row["decided_on"] > day for row in storage.log().of("checker"))
        said = self.words["learned" if day else "not_learned"]
        return said.format(day=report.date(day, self.language) if day else "", count=since)

    def _said_with(self, row: Row, others: list[Row]) -> bool:
        """Whether one of some rows stands in the sentence of a row."""
        left, right = _sentence(self.texts[self.document_id], row["at_start"], row["at_end"])
        return any(left <= other["at_start"] < right for other in others)

    def _look_ahead(self) -> dict | None:
        """What one more row of the article would decide: the base that its ratings lack."""
        here = [row for row in self.rows if row["document_id"] == self.document_id
                and row["decision"] != "rejected" and row["at_start"] >= 0]  # fmt: skip
        for kind, others in statements.KINDS.items():
            ratings = [r for r in here if _code(r, "measure_id").startswith(f"{kind}_rated_")]
            counts = [row for row in here if _code(row, "measure_id") in (*others, kind)]
            base = next((row for row in counts if self._said_with(row, ratings)), None)
            known = {_code(row, "measure_id") for row in here}
            if base and f"{kind}_assessed" not in known:
                about = self.named("measure_id", f"{kind}_assessed")
                said = {"words": base["number_text"], "about": about, "ratings": len(ratings)}
                said = self.words["one_more"].format(**said)
                pairs = worklist.would_decide(kind, base["locality_id"])
                said += self.words["opens"].format(pairs=pairs) if pairs else ""
                return {"said": said, "row": base, "measure_id": f"{kind}_assessed"}
        return None


def _code(row: Row, column: str) -> str:
    """What a filter of this column looks at; of a measure, the proposed one until it is decided."""
    return row.get(column) or row.get(f"proposed_{column}", "")


def _rank(mark: tuple[int, int, str, dict]) -> tuple:
    """Which of the marks on some words is meant: a row before a number, then the shorter."""
    return mark[2] == "number", mark[1] - mark[0], mark[2] != "here"


def _stamp(table: str) -> tuple:
    """What tells whether a table was written since."""
    path = codebook.table_path(table)
    return path.exists() and (path.stat().st_mtime_ns, path.stat().st_size, path.stat().st_ino)


def _token(row: Row) -> str:
    """A fingerprint of what is seen of a row."""
    told = {name: cell for name, cell in row.items() if name not in ("others", "seen", "key")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _begun(article: corpus.Document, task: Task, rows: list[Row], start: int, end: int) -> Row:
    """A row that a person begins: the words, and what the article and the nearest row say."""
    empty = dict.fromkeys((*codebook.columns(task.table), "reason"), "")
    locality, day = article.meta["locality_id"], article.meta["published_date"]
    about = {"document_id": article.document_id, "locality_id": locality, "place_id": locality}
    about |= {"level": "district", "rule": "by_hand", "state": "new", "seen": None, "others": []}
    row = empty | about | _span(article.text, start, end)
    if task.about == "theme_id":
        return row | {"stance": "stated", "quote": row["number_text"]}
    usual = {"period_start": day, "period_end": day, "period_kind": "as_of", "status": "actual"}
    usual |= {"bound": "exact"} | dict.fromkeys(worklist.TRUTHS, "false")
    left, right = _sentence(article.text, start, end)
    same = [each for each in rows if left <= each["at_start"] < right]
    near = min(same, key=lambda each: abs(each["at_start"] - start), default={})
    said = {name: near[name] for name in SAID_AROUND if name in near}
    return row | usual | {"population_stated": "true"} | said


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The offsets of the sentence around a span, without blanks at its ends."""
    left, right = evidence.paragraph(text, start, end)
    before = text.rfind(". ", left, start)
    left = left if before < 0 else before + 2
    stop = text.find(". ", end, right)
    words = text[left : right if stop < 0 else stop + 1]
    return left + len(words) - len(words.lstrip()), left + len(words.rstrip())


def _span(text: str, start: int, end: int) -> Row:
    """The columns of a span: its words, the sentence around them, the number they write."""
    left, right = _sentence(text, start, end)
    unit = "share" if text[end : end + 2].strip().startswith("%") else "count"
    try:
        value = typed.number(text[start:end] + ("%" if unit == "share" else ""), unit)
    except typed.Unread:  # words that are no number, or one that can be read in two ways
        value = ""
    place = {"char_start": str(start), "char_end": str(end), "at_start": start, "at_end": end}
    words = {"number_text": text[start:end], "quote": text[left:right], "unit": unit}
    worth = dict.fromkeys(("value", *worklist.ENDS), value)
    return place | words | worth | evidence.selectors(text, start, end)
