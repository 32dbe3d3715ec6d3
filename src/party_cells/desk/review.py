"""The desk in a notebook: candidates, their article and the decision, one row at a time.

Live only in JupyterLab; everywhere else (a batch, an export) the same call shows a table, so that
no report has an empty box and no notebook keeps the state of a widget.

A decision names its row and what was seen of it, and is refused on any other. The browser is told
of every message that it was heard, so that it never shows as saved what is not on disk.
"""

import hashlib
import json
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
from party_cells.desk import storage, typed, worklist
from party_cells.desk.storage import Row

# The parts of the sentence that a row reads as, and what is folded under it.
FIGURE = (
    ("value", "measure_id", "place_id", "period", "bound", "status"),
    (
        *("level", "unit", "value_low", "low_open", "value_high", "high_open", "period_kind"),
        "value_basis",
        *("scheme_id", "population_stated", "base_measure_id", "base_text", "quote", "note"),
    ),
)
CODING = ("theme_id", "status", "place_id", "level", "stance"), ("speaker", "note")
RULING = ("follows", "status", "place_id", "level", "stance"), ("speaker", "note")
FILTERS = ("document_id", "state", "measure_id", "theme_id", "decision", "rule")
ORDERS = ("by_article", "unsure_first", "sure_first")
SHOWN = 15  # rows of the queue in sight
IN_BULK = "accepted in bulk"  # in the note of a row until a person confirms it
COMMITTED = ("value", "scheme_id", "locality_id", "period_start")  # what a refusal has words for


@dataclass(frozen=True)
class Task:
    """What is decided at the desk: the rows, the columns to fill, how a decision is saved."""

    table: str
    fields: tuple[tuple[str, ...], tuple[str, ...]]
    actions: tuple[str, ...]
    propose: Callable[[list[corpus.Document]], list[Row]]
    rows: Callable[[list[corpus.Document], list[Row]], list[Row]]
    decided: Callable[[Row, Row, str], list[Row]]
    save: Callable[[list[Row], list[Row], dict[str, str]], list[Row]]
    unit: storage.Unit

    @property
    def columns(self) -> list[str]:
        """The columns of the table that a person fills in."""
        return [name for name in codebook.columns(self.table) if name in self.shown] + ["reason"]

    @property
    def shown(self) -> set[str]:
        return {*self.fields[0], *self.fields[1], "period_start", "period_end"}


def figures(language: str = "en", by: str | None = None):
    """Check the candidates for facts; in JupyterLab a live desk, elsewhere the queue as a table."""
    actions = ("accept", "reject", "add", "confirm", "accept_all")
    ways = worklist.candidates, worklist.queue, _check, desk.decide
    return _open(Task("checks", FIGURE, actions, *ways, check_unit), language, by)


def themes(coder: str, language: str = "en", blind: bool = False):
    """A coder's own pass over the articles (``coder_1`` or ``coder_2``).

    The proposals of the rules are offered unless the pass is to be ``blind``; a passage that was
    accepted from one says so in its note, because it is no independent reading.
    """

    def propose(articles: list[corpus.Document]) -> list[Row]:
        return [] if blind else worklist.theme_candidates(coder, articles)

    def own(articles: list[corpus.Document], proposed: list[Row]) -> list[Row]:
        return worklist.codings(coder, articles, proposed)

    def save(after: list[Row], before: list[Row], _: dict[str, str]) -> list[Row]:
        return desk.code(coder, after, before)

    actions = ("accept", "reject", "add")
    ways = propose, own, _passage, save
    return _open(Task(f"codings_{coder}", CODING, actions, *ways, passage_unit), language, coder)


def differences(language: str = "en", by: str | None = None):
    """Settle what two coders say differently, passage by passage; both stay on record."""

    def rows(articles: list[corpus.Document], _: list[Row]) -> list[Row]:
        return worklist.rulings(articles)

    def save(after: list[Row], before: list[Row], _: dict[str, str]) -> list[Row]:
        return desk.adjudicate(after, before)

    actions = ("accept", "reject", "confirm")
    ways = (lambda articles: []), rows, _ruling, save
    return _open(Task("adjudications", RULING, actions, *ways, passage_unit), language, by)


def _check(old: Row, row: Row, action: str) -> list[Row]:
    """The decision on a candidate; accepting what was edited is correcting it."""
    edited = any(row[name] != old[name] for name in row if name not in ("note", "reason"))
    said = "corrected" if edited or old["decision"] == "corrected" else "accepted"
    if action == "confirm" and not edited:
        said = old["decision"] or said
    if old["state"] == "new" or (old["decision"] == "added" and action != "reject"):
        said = "added"
    elif action == "reject":
        said = "rejected"
    note = row["note"].replace(IN_BULK, "").strip()
    if action == "accept_all":
        note = f"{note} {IN_BULK}".strip()
    confirmed = str(action != "accept_all").lower()
    return [row | {"decision": said, "confirmed_by_person": confirmed, "note": note}]


def _passage(old: Row, row: Row, action: str) -> list[Row]:
    """A coder's passage; one that the rules proposed says so."""
    proposed = old["state"] == "open"
    note = f"from a proposal {row['note']}".strip() if proposed else row["note"]
    return [] if action == "reject" else [row | {"note": note}]


def _ruling(_: Row, row: Row, action: str) -> list[Row]:
    """The ruling on a passage, and with it on the others of a theme the coders agree on."""
    kept = "false" if action == "reject" else "true"
    said = {"confirm": "confirmed", "accept": "as coded"}[action] if kept == "true" else ""
    ruling = row | {"kept": kept, "reason": row["reason"] or said}
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
    frame = pd.DataFrame(rows, columns=[*columns, "state"]).dropna(axis="columns", how="all")
    return report.table(
        frame.head(20),
        f"queue_{task.table}",
        en=f"The queue: {len(rows)} rows, of which the first are shown",
        vi=f"Hàng đợi: {len(rows)} dòng, hiển thị những dòng đầu",
    )


class Refused(ValueError):
    """What was asked for is not done; the message says why, in the language of the desk."""


class Review(anywidget.AnyWidget):
    """The live desk: it holds the queue, and shows the browser one row of it at a time."""

    _esm = Path(__file__).parent / "review.js"
    _css = Path(__file__).parent / "review.css"
    fixed = traitlets.Dict().tag(sync=True)
    article = traitlets.Dict().tag(sync=True)
    marks = traitlets.List().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, task: Task, language: str, by: str):
        super().__init__()
        self.task, self.by, self.language = task, by, language
        self.words = self._labels("vocabulary:desk")
        self.filters, self.search, self.order = {}, "", ORDERS[0]
        self.key, self.draft, self.asked, self.undoable = "", None, None, []
        self._load()
        self.fixed = self._fixed()
        self._show("")
        self.on_msg(self._heard)

    def _ipython_display_(self) -> None:
        """The desk, and under it what a saved notebook shows when the kernel is gone."""
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        table = _table(self.task, self.rows).parts[self.language]["html"]
        said = escape(self.words["run_again"])
        display(HTML(f'<div class="party-cells-kept"><p>{said}</p>{table}</div>'))

    def _labels(self, table: str) -> dict[str, str]:
        return report.labels(table, self.language)

    # --- rows -----------------------------------------------------------------------------------

    def _load(self) -> None:
        """Read the articles, what the rules propose in them, and what is decided."""
        self.documents = corpus.read_all()
        self.articles = {document.document_id: document for document in self.documents}
        self.texts = {name: document.text for name, document in self.articles.items()}
        self.proposed = self.task.propose(self.documents)
        self.reader = worklist.Reader(self.task.table, self.texts, self.language)
        self.problems = desk.rules()
        self.listed = _stamp(codebook.table_path("documents"))
        self._refresh()

    def _refresh(self) -> None:
        """Take the rows anew from what is decided on disk."""
        self.stamp, self.unsure = _stamps(), False
        self._index(self.task.rows(self.documents, self.proposed))

    def _index(self, rows: list[Row]) -> None:
        self.rows, self.by_key = rows, {}
        for row in rows:
            key = "|".join(self.task.unit(row))
            row["key"] = key if key not in self.by_key else f"{key}|{row.get('decided_by', '')}"
            self.by_key[row["key"]] = row
        self.codes = {name: {_code(row, name) for row in rows} for name in FILTERS}
        self.shown = None

    def _catch_up(self) -> None:
        """Read again what other hands have changed since; undo is kept."""
        if self.listed != _stamp(codebook.table_path("documents")):
            self._load()
        elif self.stamp != _stamps():
            self._refresh()

    def _visible(self) -> list[Row]:
        """The rows that the filters leave, in the order that was chosen."""
        if self.shown is None:
            all_pass = not self.filters and not self.search
            rows = [row for row in self.rows if all_pass or self._passes(row)]
            if self.order != ORDERS[0]:
                first = "true" if self.order == "sure_first" else ""
                rows.sort(key=lambda row: row.get("is_sure", "") != first)
            self.shown = rows
        return self.shown

    def _passes(self, row: Row) -> bool:
        if any(_code(row, name) != code for name, code in self.filters.items()):
            return False
        return not self.search or self.search in evidence.fold(
            " ".join([row.get("number_text", ""), row["quote"], self._about(row)])
        )

    def _about(self, row: Row) -> str:
        """The name of the measure or theme of a row."""
        column = "theme_id" if "theme_id" in row else "measure_id"
        code = _code(row, column)
        return worklist.names(column, self.language).get(code, code)

    def _current(self) -> Row | None:
        """The row before the person's eyes: never one that the filter hides."""
        if self.draft is not None:
            return self.draft
        visible = self._visible()
        row = self.by_key.get(self.key)
        if row is None or not self._passes(row):
            row = visible[0] if visible else None
        self.key = row["key"] if row else ""
        return row

    # --- what the browser asks for ------------------------------------------------------------

    def _heard(self, _widget, message: dict, _buffers) -> None:
        said, done = self.view["said"] if message["do"] == "look" else "", True
        try:
            self._catch_up()
            said = getattr(self, f"_on_{message['do']}")(message) or said
        except storage.DecisionConflict as conflict:
            said, done = self._conflict(conflict), False
            self._refresh()
        except (ValueError, OSError) as refused:
            said, done = self._why(refused), False
        self._show(said)
        self.send({"heard": message.get("id"), "done": done})

    def _conflict(self, conflict: storage.DecisionConflict) -> str:
        hands = sorted({row.get("decided_by", "") for pair in conflict.pairs for row in pair})
        return f"{self._labels('vocabulary:state')['conflict']}: {', '.join(hands)}"

    def _why(self, refused: Exception) -> str:
        """The refusal in the words of the desk, whatever file it comes from."""
        if isinstance(refused, codebook.TableInvalid):
            columns = dict.fromkeys(refused.rows["column"])
            return "; ".join(self._misfit(column, "") for column in columns)
        return str(refused)

    def _misfit(self, column: str, why: str) -> str:
        """Why a column does not fit; the full reason where the desk speaks its language."""
        label = self._labels("vocabulary:column").get(column, column)
        said = self.words.get(f"does_not_fit_{column}", self.words["does_not_fit"])
        return f"{label}: {why if why and self.language == 'en' else said}"

    def _on_look(self, message: dict) -> None:
        if self.unsure:
            self._refresh()

    def _on_reload(self, _: dict) -> None:
        self._load()

    def _on_go(self, message: dict) -> None:
        if message["key"] in self.by_key:
            self.key, self.draft = message["key"], None

    def _on_step(self, message: dict) -> None:
        keys = [row["key"] for row in self._visible()]
        at = keys.index(self.key) + int(message["by"]) if self.key in keys else 0
        self.key = keys[max(0, min(len(keys) - 1, at))] if keys else ""
        self.draft = None

    def _on_filter(self, message: dict) -> None:
        self.filters = {name: code for name, code in message["filters"].items() if code}
        self.search = evidence.fold(typed.clean(message.get("search", "")))
        self.order = message.get("order") or ORDERS[0]
        self.draft = self.shown = None

    def _on_select(self, message: dict) -> str:
        """The words that a person has selected: the row they carry, or a new one.

        Of a row whose passage was lost they are the new place.
        """
        place = start, end = int(message["start"]), int(message["end"])
        document, row = self.articles[message["document_id"]], self._current()
        if row and row["at_start"] < 0 and row["document_id"] == document.document_id:
            self.draft = row | _span(document.text, start, end)
            return ""
        here = self._rows_of(document.document_id)
        carried = [r for r in here if r["at_start"] < end and start < r["at_end"]]
        if carried and self.asked != (document.document_id, *place):
            self.asked, self.draft = (document.document_id, *place), None
            seen = [r for r in carried if self._passes(r)]
            self.key = seen[0]["key"] if seen else self.key
            return self.words["carried" if seen else "hidden"]
        span = _span(document.text, start, end)
        if self.task.unit is passage_unit:
            span["quote"] = span["number_text"]
        empty = _blank(document, self.task) | span | _like(here, document.text, start, end)
        self.draft = empty | {"key": f"new|{document.document_id}|{start}|{end}"}
        return ""

    def _on_decide(self, message: dict) -> str:
        """Save one decision at once; the rows that were seen are what it replaces."""
        action, row = message["action"], self._addressed(message)
        if action == "reject" and row["state"] == "new":
            self.draft = None
            return ""
        reason = typed.clean(message.get("reason", ""))
        if action == "reject" and not reason:
            raise Refused(self.words["needs_reason"])
        new, wrong = self.reader.read(row, message.get("fields", {}))
        if wrong:
            labels = self._labels("vocabulary:column") | {"period": self.words["period"]}
            said = [f"{labels.get(c, c)}: {unread.told(self.language)}" for c, unread in wrong]
            raise Refused("\n".join(said))
        made = self.task.decided(row, new | {"reason": reason or new.get("reason", "")}, action)
        after = [each | self._signed(message) for each in made]
        self._fits(after)
        saved = self._save(row["key"], after, self._seen(row))
        following = self._following(row)
        self._replace([row], saved)
        self.key = following
        words = row.get("number_text") or row["quote"][:40]
        return f"{self.words['saved']}: {words}"

    def _on_accept_all(self, message: dict) -> str:
        """Accept all open rows that the filter shows, or the sure ones, in one step."""
        rows = self._acceptable(message["which"])
        if len(rows) != message["count"]:
            raise Refused(self.words["changed"])
        signed = self._signed(message)
        before, after = [], []
        for row in rows:
            (made,) = self.task.decided(row, row, "accept_all")
            if not desk.unfit(made | signed, self.problems):
                before.append(row)
                after.append(made | signed)
        saved = self._save("", after, []) if after else []
        self._replace(before, saved)
        return self.words["accepted_many"].format(count=len(saved), left=len(rows) - len(saved))

    def _on_undo(self, _: dict) -> str:
        if not self.undoable:
            return ""
        key, before, after = self.undoable.pop()
        standing = [row["seen"] for row in self.rows if row["seen"]]
        if any(row not in standing for row in after):
            raise Refused(self.words["not_undone"])
        self.task.save(before, after, self.texts)
        self._refresh()
        self.key, self.draft = key, None
        return self.words["undone"]

    # --- decisions ------------------------------------------------------------------------------

    def _addressed(self, message: dict) -> Row:
        """The row that a decision is about, if it still is what the person saw."""
        row = self.draft if self.draft is not None else self.by_key.get(message["key"])
        if row and row["key"] == message["key"] and _token(row) == message["seen"]:
            return row
        self.draft = None
        if row is not None:
            self.key = row["key"]
        if row and row.get("decided_by") not in (None, "", message.get("by", self.by)):
            raise Refused(self.words["already"].format(by=row["decided_by"]))
        raise Refused(self.words["changed"])

    def _signed(self, message: dict) -> Row:
        """Who decides, and when; nobody decides without a name."""
        if self.task.table.startswith("codings"):
            return {}
        name = typed.clean(message.get("by") or self.by)
        if not name:
            raise Refused(self.words["name_first"])
        return {"decided_by": name, "decided_on": date.today().isoformat()}

    def _fits(self, after: list[Row]) -> None:
        """Refuse, in the words of the desk, what would not make one whole fact."""
        if self.task.unit is not check_unit:
            return
        wrong = [each for row in after for each in desk.unfit(row, self.problems)]
        if wrong:
            raise Refused("\n".join(self._misfit(column, why) for column, why in wrong))

    def _seen(self, row: Row) -> list[Row]:
        """The decisions on disk that the person had before their eyes."""
        if row["state"] != "conflict":
            return [row["seen"]] if row["seen"] else []
        unit = self.task.unit(row)
        return [r["seen"] for r in self.rows if r["seen"] and self.task.unit(r) == unit]

    def _save(self, key: str, after: list[Row], before: list[Row]) -> list[Row]:
        """Save and remember how to undo it; what another hand saved first is not ours to undo."""
        self.unsure = True  # another hand may have saved since the rows were read
        saved = self.task.save(after, before, self.texts)
        hands = {row.get("decided_by") for row in saved} - {row.get("decided_by") for row in after}
        if hands:
            self._refresh()
            raise Refused(self.words["already"].format(by=", ".join(sorted(hands))))
        self.undoable.append((key, before, saved))
        self.stamp = _stamps()
        return saved

    def _replace(self, old: list[Row], saved: list[Row]) -> None:
        """Put what was saved where the rows stood."""
        self.draft = self.shown = None
        fresh = {"|".join(self.task.unit(row)): row for row in saved}
        kept = all(row["key"] in fresh or row["state"] == "new" for row in old)
        if self.task.unit is passage_unit or not kept:  # a ruling may settle several passages
            return self._refresh()
        for key, row in fresh.items():
            self.by_key[key] = fresh[key] = {**worklist.placed(row, self.texts), "key": key}
            for name, codes in self.codes.items():
                codes.add(_code(row, name))
        self.rows = [fresh.pop(row["key"], row) for row in self.rows] + list(fresh.values())
        return None

    def _following(self, row: Row) -> str:
        """The key of the next open row that is shown; of this one if there is none."""
        visible = self._visible()
        keys = [each["key"] for each in visible]
        at = keys.index(row["key"]) + 1 if row["key"] in keys else 0
        after = [r for r in visible[at:] + visible[:at] if r["state"] != "decided" and r is not row]
        return after[0]["key"] if after else row["key"]

    def _acceptable(self, which: str) -> list[Row]:
        """The open rows that the filter shows and that name a measure."""
        rows = [row for row in self._visible() if row["state"] == "open" and row["measure_id"]]
        return [row for row in rows if which == "all" or row.get("is_sure") == "true"]

    def _rows_of(self, document_id: str) -> list[Row]:
        return [row for row in self.rows if row["document_id"] == document_id]

    # --- what the browser is shown --------------------------------------------------------------

    def _fixed(self) -> dict:
        """What does not change while the desk is open: words, labels and choices."""
        columns = self._labels("vocabulary:column") | {"period": self.words["period"]}
        fields = [name for part in self.task.fields for name in part]
        kind = self.task.table.split("_")[0].replace("adjudications", "codings")
        codes = {name: list(each) for name, each in self.reader.codes.items() if name in fields}
        return {
            "words": self.words | {"title": self.words[f"desk_of_{self.task.table}"]},
            "columns": {name: columns.get(name, name) for name in fields},
            "choices": {name: self._options(name, each) for name, each in codes.items()},
            "checkboxes": list(worklist.TRUTHS),
            "fields": [list(part) for part in self.task.fields],
            "actions": list(self.task.actions),
            "reasons": [word for code, word in sorted(self.words.items()) if f"why_{kind}" in code],
            "orders": [[name, self.words[name]] for name in ORDERS],
            "signed": not self.task.table.startswith("codings"),
        }

    def _options(self, column: str, codes: list[str]) -> list[list[str]]:
        names = worklist.names(column, self.language)
        return [[code, names.get(code, code)] for code in codes]

    def _show(self, said: str) -> None:
        row, visible = self._current(), self._visible()
        states = Counter(row["state"] for row in self.rows)
        self._show_article(row)
        self.view = {
            "list": self._list(visible),
            "progress": {"done": states["decided"], "all": len(self.rows), "here": len(visible)},
            "filters": {name: self.filters.get(name, "") for name in FILTERS},
            "search": self.search,
            "order": self.order,
            "offered": self._offered(),
            "row": row and self._form(row),
            "acceptable": {w: len(self._acceptable(w)) for w in ("all", "sure")}
            if "accept_all" in self.task.actions
            else {},
            "by": self.by,
            "can_undo": bool(self.undoable),
            "said": said,
        }

    def _list(self, visible: list[Row]) -> list[dict]:
        """The rows of the queue around the current one."""
        at = next((at for at, row in enumerate(visible) if row["key"] == self.key), 0)
        first = max(0, min(at - SHOWN // 2, len(visible) - SHOWN))
        return [self._entry(row) for row in visible[first : first + SHOWN]]

    def _entry(self, row: Row) -> dict:
        words = row.get("number_text") or row.get("quote", "")[:24]
        return {
            "key": row["key"],
            "here": self.draft is None and row["key"] == self.key,
            "words": words,
            "about": self._about(row),
            "said": self._said(row),
            "state": row["state"],
        }

    def _said(self, row: Row) -> str:
        """How far a row is: its state, or what was decided, whether a person confirmed it."""
        if row["state"] == "open" and row.get("is_sure") == "true":
            return self.words["sure"]
        if row["state"] != "decided" or not row.get("decision"):
            return self._labels("vocabulary:state").get(row["state"], "")
        said = worklist.names("decision", self.language)[row["decision"]]
        how = "in_bulk" if IN_BULK in row["note"] else "confirmed"
        if how == "confirmed" and row["confirmed_by_person"] != "true":
            return said
        return f"{said}, {self.words[how]}"

    def _offered(self) -> dict[str, list[list[str]]]:
        """What each filter offers: the codes of all rows, and every article."""
        labels = self._labels("vocabulary:column")
        found = {}
        for name in FILTERS:
            codes = self.codes[name] - {""}
            codes |= set(self.articles) if name == "document_id" else set()
            shown = (
                self._options(name, sorted(codes))
                if name != "rule"
                else [[code, code] for code in sorted(codes)]
            )
            label = labels["rule_name" if name == "rule" else name]
            if codes:
                found[name] = [["", f"{label}: {self.words['all']}"], *shown]
        return found

    def _form(self, row: Row) -> dict:
        """A row as the form shows it: every field in the words of the reader."""
        return {
            "key": row["key"],
            "seen": _token(row),
            "start": row["at_start"],
            "end": row["at_end"],
            "words": row.get("number_text") or row["quote"],
            "quote": row["quote"],
            "state": row["state"],
            "said": " · ".join(filter(None, [self._said(row), row.get("decided_by", "")])),
            "reason": row.get("reason", ""),
            "fields": {name: self._value(row, name) for part in self.task.fields for name in part},
        }

    def _value(self, row: Row, name: str) -> str:
        if name == "period":
            days = dict.fromkeys([row["period_start"], row["period_end"]])
            return " – ".join(report.date(day, self.language) for day in days if day)
        if name in ("value", *worklist.ENDS):
            return typed.shown(row[name], row["unit"], self.language)
        return row.get(name, "")

    def _show_article(self, row: Row | None) -> None:
        """The whole article, every number of it, and the spans that carry rows."""
        chosen = self.filters.get("document_id") or self.article.get("document_id")
        document_id = row["document_id"] if row else chosen or next(iter(self.articles), "")
        if document_id in self.articles and self.article.get("document_id") != document_id:
            text = self.texts[document_id]
            spans = [[a.start, a.end] for a in numbers.read(evidence.fold(text))]
            spans = spans if self.task.unit is check_unit else []
            self.article = {"document_id": document_id, "text": text, "numbers": spans}
        here = [r for r in self._rows_of(document_id) if r["at_start"] >= 0]
        self.marks = [[r["at_start"], r["at_end"], r["state"], r["key"]] for r in here]


def _code(row: Row, column: str) -> str:
    """What a filter of this column looks at; of a measure, the proposed one until it is decided."""
    return row.get(column) or row.get(f"proposed_{column}", "")


def _stamp(path: Path) -> tuple:
    if not path.exists():
        return ()
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _stamps() -> list[tuple]:
    """What tells whether a hand has decided something since."""
    return [_stamp(codebook.table_path(table)) for table in desk.DECIDED]


def _token(row: Row) -> str:
    """A fingerprint of what is seen of a row."""
    told = {name: cell for name, cell in row.items() if name not in ("others", "seen", "key")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _blank(document: corpus.Document, task: Task) -> Row:
    """A row that a person begins: what the document says of itself, nothing else."""
    empty = dict.fromkeys((*codebook.columns(task.table), "reason"), "")
    locality, day = document.meta["locality_id"], document.meta["published_date"]
    about = {"document_id": document.document_id, "locality_id": locality, "place_id": locality}
    about |= {"level": "district", "rule": "by_hand", "state": "new", "seen": None, "others": []}
    if task.unit is passage_unit:
        coder = task.table.removeprefix("codings_").replace("_", " ")
        return empty | about | {"stance": "stated", "coder": coder}
    usual = {"period_start": day, "period_end": day, "period_kind": "as_of", "status": "actual"}
    usual |= {"bound": "exact", "population_stated": "true"}
    return empty | about | usual | {"low_open": "false", "high_open": "false"}


def _like(rows: list[Row], text: str, start: int, end: int) -> Row:
    """When and where the nearest row of the same sentence is said to be."""
    left, right = _sentence(text, start, end)
    same = [row for row in rows if left <= row["at_start"] < right and "period_start" in row]
    if not same:
        return {}
    near = min(same, key=lambda row: abs(row["at_start"] - start))
    names = ("place_id", "level", "period_start", "period_end", "period_kind", "status")
    return {name: near[name] for name in names}


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The offsets of the sentence around a span, without blanks at its ends."""
    left, right = evidence.paragraph(text, start, end)
    before = text.rfind(". ", left, start)
    left = left if before < 0 else before + 2
    stop = text.find(". ", end, right)
    right = right if stop < 0 else stop + 1
    words = text[left:right]
    return left + len(words) - len(words.lstrip()), left + len(words.rstrip())


def _span(text: str, start: int, end: int) -> Row:
    """The columns of a span: its words, the sentence around them, the number they write."""
    left, right = _sentence(text, start, end)
    percent = text[end : end + 2].strip().startswith("%")
    unit = "share" if percent else "count"
    written = _written(text[start:end] + ("%" if percent else ""), unit)
    return {
        "char_start": str(start),
        "char_end": str(end),
        "at_start": start,
        "at_end": end,
        "number_text": text[start:end],
        "quote": text[left:right],
        "unit": unit,
        **{name: written for name in ("value", "value_low", "value_high")},
        **evidence.selectors(text, start, end),
    }


def _written(words: str, unit: str) -> str:
    """The number that words write, as CSV text; empty where they are no number, or not clearly."""
    try:
        return typed.number(words, unit)
    except typed.Unread:
        return ""
