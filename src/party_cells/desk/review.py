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
ORDERS = ("by_article", "unsure_first", "sure_first")
SHOWN = 15  # rows of the queue in sight
IN_BULK = "accepted in bulk"  # in the note of a row until a person confirms it


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
    unit: Callable[[Row], tuple]

    @property
    def coder(self) -> str:
        """Whose pass it is, as ``coder 1``; empty where anybody decides, by name."""
        return self.table.partition("codings_")[2].replace("_", " ")


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

    ways = propose, own, _passage, save
    task = Task(f"codings_{coder}", CODING, ("accept", "reject", "add"), *ways, passage_unit)
    return _open(task, language, coder)


def differences(language: str = "en", by: str | None = None):
    """Settle what two coders say differently, passage by passage; both stay on record."""

    def rows(articles: list[corpus.Document], _: list[Row]) -> list[Row]:
        return worklist.rulings(articles)

    def save(after: list[Row], before: list[Row], _: dict[str, str]) -> list[Row]:
        return desk.adjudicate(after, before)

    ways = (lambda articles: []), rows, _ruling, save
    actions = ("accept", "reject", "confirm")
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
    in_bulk = action == "accept_all"
    note = row["note"].replace(IN_BULK, "").strip()
    note = f"{note} {IN_BULK}".strip() if in_bulk else note
    return [row | {"decision": said, "confirmed_by_person": str(not in_bulk).lower(), "note": note}]


def _passage(old: Row, row: Row, action: str) -> list[Row]:
    """A coder's passage; one that the rules proposed says so, also when it is dismissed."""
    if action == "reject":
        return [row | {"decision": "dismissed"}]
    note = f"from a proposal {row['note']}".strip() if old["state"] == "open" else row["note"]
    return [row | {"note": note, "decision": "coded"}]


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
        self.words = report.labels("vocabulary:desk", language)
        self.columns = report.labels("vocabulary:column", language)
        self.columns = self.columns | {"rule": self.columns["rule_name"]}
        self.filters, self.search, self.order = {}, "", ORDERS[0]
        self.key, self.draft, self.asked, self.undoable = "", None, None, []
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
        """Read the articles, what the rules propose in them, and what is decided."""
        self.listed = _stamp("documents")
        self.documents = corpus.read_all()
        self.articles = {document.document_id: document for document in self.documents}
        self.texts = {name: document.text for name, document in self.articles.items()}
        self.proposed = self.task.propose(self.documents)
        self.reader = worklist.Reader(self.task.table, self.texts, self.language)
        self.fixed = self._fixed()
        self._refresh()

    def _refresh(self) -> None:
        """Take the rows anew from what is decided on disk."""
        self.stamp, self.unsure = _stamp("decisions"), False
        self.rows, self.by_key = self.task.rows(self.documents, self.proposed), {}
        for row in self.rows:
            key = "|".join(self.task.unit(row))
            row["key"] = key if key not in self.by_key else f"{key}|{row.get('decided_by', '')}"
            self.by_key[row["key"]] = row
        self.codes = {name: {_code(row, name) for row in self.rows} for name in FILTERS}
        self.codes["document_id"] |= {*self.articles}
        self.shown = None

    def _catch_up(self) -> None:
        """Read again what other hands have changed since; undo is kept."""
        if self.listed != _stamp("documents"):
            self._load()
        elif self.stamp != _stamp("decisions"):
            self._refresh()

    def _visible(self) -> list[Row]:
        """The rows that the filters leave, in the order that was chosen."""
        if self.shown is None:
            every = not self.filters and not self.search
            self.shown = [row for row in self.rows if every or self._passes(row)]
            if self.order != ORDERS[0]:
                first = "true" if self.order == "sure_first" else ""
                self.shown.sort(key=lambda row: row.get("is_sure", "") != first)
        return self.shown

    def _passes(self, row: Row) -> bool:
        if any(_code(row, name) != code for name, code in self.filters.items()):
            return False
        words = " ".join([row.get("number_text", ""), row["quote"], self._about(row)])
        return not self.search or self.search in evidence.fold(words)

    def _about(self, row: Row) -> str:
        """The name of the measure or theme of a row."""
        column = "theme_id" if self.task.unit is passage_unit else "measure_id"
        return self._name(column, _code(row, column))

    def _name(self, column: str, code: str) -> str:
        return worklist.names(column, self.language).get(code, code)

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
            self._catch_up()
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
            return f"{self._name('state', 'conflict')}: {', '.join(sorted(hands))}"
        if isinstance(refused, codebook.TableInvalid) and hasattr(refused, "rows"):
            return self._misfits([(column, "") for column in dict.fromkeys(refused.rows["column"])])
        return self._misfits(getattr(refused, "wrong", [])) or str(refused)

    def _misfits(self, wrong: list[tuple[str, str]]) -> str:
        """What does not fit, column by column; why in full where the desk speaks English."""
        said = []
        for column, why in wrong:
            own = self.words.get(f"does_not_fit_{column}", self.words["does_not_fit"])
            label = self.columns.get(column, column)
            said.append(f"{label}: {why if why and self.language == 'en' else own}")
        return "\n".join(said)

    def _on_look(self, _: dict) -> None:
        if self.unsure:
            self._refresh()

    def _on_reload(self, _: dict) -> None:
        self._load()

    def _on_go(self, message: dict) -> None:
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
        document, row = self.articles[message["document_id"]], self._current()
        start, end = int(message["start"]), int(message["end"])
        span = _span(document.text, start, end)
        if self.task.unit is passage_unit:
            span["quote"] = span["number_text"]
        if row and row["at_start"] < 0 and row["document_id"] == document.document_id:
            self.draft = row | span
            return ""
        here = self._rows_of(document.document_id)
        carried = [r for r in here if r["at_start"] < end and start < r["at_end"]]
        key, measure = f"new|{document.document_id}|{start}|{end}", message.get("measure_id")
        if carried and self.asked != key and not measure:
            self.asked, self.draft = key, None
            seen = next((r for r in carried if self._passes(r)), None)
            self.key = seen["key"] if seen else self.key
            return self.words["carried" if seen else "hidden"]
        self.draft = _blank(document, self.task) | span | _like(here, document.text, start, end)
        self.draft |= {"key": key} | ({"measure_id": measure} if measure else {})
        return ""

    def _on_place(self, message: dict) -> str:
        """A village, cell or commune that no article named before."""
        name, level = typed.clean(message["name"]), message["level"]
        locality = self.articles[message["document_id"]].meta["locality_id"]
        intake.add_place(name, locality, level=level)
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
        new, wrong = self.reader.read(row, message.get("fields", {}))
        if wrong:
            told = [(self.columns.get(name, name), unread) for name, unread in wrong]
            raise Refused("\n".join(f"{label}: {u.told(self.language)}" for label, u in told))
        new["reason"] = reason or new.get("reason", "")
        signed, following = self._signed(message), self._following(row)
        self._save([each | signed for each in self.task.decided(row, new, action)], [row])
        self.key = following
        return f"{self.words['saved']}: {row.get('number_text') or row['quote'][:40]}"

    def _on_accept_all(self, message: dict) -> str:
        """Accept all open rows that the filter shows, or the sure ones, in one step."""
        rows = self._acceptable(message["which"])
        if len(rows) != message["count"]:
            raise Refused(self.words["changed"])
        signed, problems = self._signed(message), desk.rules(self.texts)
        made = [(row, self.task.decided(row, row, "accept_all")[0] | signed) for row in rows]
        made = [(row, after) for row, after in made if not desk.unfit(after, problems)]
        if made:
            self._save([after for _, after in made], [row for row, _ in made])
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
        self.draft = None
        self.key = row["key"] if row else self.key
        others = {row.get("decided_by", "") if row else ""} - {"", message.get("by", self.by)}
        said = "already" if others else "changed"
        raise Refused(self.words[said].format(by=", ".join(others)))

    def _signed(self, message: dict) -> Row:
        """Who decides, and when; nobody decides without a name."""
        name = self.task.coder or typed.clean(message.get("by") or self.by)
        if not name:
            raise Refused(self.words["name_first"])
        return {"decided_by": name, "decided_on": date.today().isoformat(), "action": "decide"}

    def _save(self, after: list[Row], old: list[Row]) -> None:
        """Save, and remember how to undo it; what another hand said first is not ours to undo."""
        units = {self.task.unit(row) for row in old}
        seen = [r["seen"] for r in self.rows if r["seen"] and self.task.unit(r) in units]
        self.unsure = True  # another hand may have saved since the rows were read
        saved = self.task.save(after, seen, self.texts)
        by = after[0]["decided_by"]
        hands = {row.get("decided_by", by) for row in saved} - {by}
        if hands:
            self._refresh()
            raise Refused(self.words["already"].format(by=", ".join(hands)))
        self.undoable.append((old[0]["key"], by, saved))
        self.stamp, self.draft, self.shown = _stamp("decisions"), None, None
        fresh = {"|".join(self.task.unit(row)): row for row in saved}
        if self.task.unit is passage_unit or any(row["key"] not in fresh for row in old):
            return self._refresh()  # a ruling may settle several passages
        for key, row in fresh.items():
            self.by_key[key] = fresh[key] = worklist.placed(row, self.texts) | {"key": key}
            for name, codes in self.codes.items():
                codes.add(_code(row, name))
        self.rows = [fresh.get(row["key"], row) for row in self.rows]
        return None

    def _following(self, row: Row) -> str:
        """The key of the next open row that is shown; of this one if there is none."""
        visible = self._visible()
        at = next((at + 1 for at, each in enumerate(visible) if each is row), 0)
        after = [r for r in visible[at:] + visible[:at] if r["state"] != "decided" and r is not row]
        return after[0]["key"] if after else row["key"]

    def _acceptable(self, which: str) -> list[Row]:
        """The open rows that the filter shows and that name a measure."""
        rows = [row for row in self._visible() if row["state"] == "open" and row["measure_id"]]
        return [row for row in rows if which == "all" or row["is_sure"] == "true"]

    def _rows_of(self, document_id: str) -> list[Row]:
        return [row for row in self.rows if row["document_id"] == document_id]

    # --- what the browser is shown --------------------------------------------------------------

    def _fixed(self) -> dict:
        """What does not change while the desk is open: words, labels and choices."""
        fields = [name for part in self.task.fields for name in part]
        why = "why_checks" if self.task.unit is check_unit else "why_codings"
        codes = self.reader.codes
        return {
            "words": self.words | {"title": self.words[f"desk_of_{self.task.table}"]},
            "columns": {name: self.columns.get(name, name) for name in fields},
            "choices": {name: self._options(name, codes[name]) for name in fields if name in codes},
            "levels": self._options("level", codes["level"]),
            "checkboxes": list(worklist.TRUTHS),
            "fields": self.task.fields,
            "actions": self.task.actions,
            "reasons": [word for code, word in sorted(self.words.items()) if why in code],
            "orders": [[name, self.words[name]] for name in ORDERS],
            "signed": not self.task.coder,
        }

    def _options(self, column: str, codes) -> list[list[str]]:
        names = worklist.names(column, self.language) if column != "rule" else {}
        return [[code, names.get(code, code)] for code in codes]

    def _show(self, said: str) -> None:
        row, visible = self._current(), self._visible()
        states, offered = Counter(row["state"] for row in self.rows), {}
        for name in FILTERS:
            every = [["", f"{self.columns[name]}: {self.words['all']}"]]
            if codes := self.codes[name] - {""}:
                offered[name] = every + self._options(name, sorted(codes))
        bulk = ("all", "sure") if "accept_all" in self.task.actions else ()
        self._show_article(row)
        self.view = {
            "list": self._list(visible),
            "progress": {"done": states["decided"], "all": len(self.rows), "here": len(visible)},
            "filters": self.filters,
            "search": self.search,
            "order": self.order,
            "offered": offered,
            "row": row and self._form(row),
            "hint": self._hint(),
            "acceptable": {which: len(self._acceptable(which)) for which in bulk},
            "by": self.by,
            "can_undo": bool(self.undoable),
            "said": said,
        }

    def _list(self, visible: list[Row]) -> list[dict]:
        """The rows of the queue around the current one."""
        at = next((at for at, row in enumerate(visible) if row["key"] == self.key), 0)
        first = max(0, min(at - SHOWN // 2, len(visible) - SHOWN))
        return [
            {"key": row["key"], "state": row["state"], "said": self._said(row)}
            | {"here": self.draft is None and row["key"] == self.key, "about": self._about(row)}
            | {"words": row.get("number_text") or row["quote"][:24]}
            for row in visible[first : first + SHOWN]
        ]

    def _said(self, row: Row) -> str:
        """How far a row is: its state, or what was decided, whether a person confirmed it."""
        if row["state"] == "open" and row.get("is_sure") == "true":
            return self.words["sure"]
        if row["state"] != "decided" or self.task.unit is passage_unit:
            return self._name("state", row["state"])
        how = "confirmed" if row["confirmed_by_person"] == "true" else ""
        how = self.words.get("in_bulk" if IN_BULK in row["note"] else how, "")
        return ", ".join(filter(None, [self._name("decision", row["decision"]), how]))

    def _form(self, row: Row) -> dict:
        """A row as the form shows it: every field in the words of the reader."""
        said = [self._said(row) if row["state"] != "new" else "", row.get("decided_by", "")]
        return {
            **{"key": row["key"], "seen": _token(row), "state": row["state"]},
            **{"start": row["at_start"], "end": row["at_end"], "reason": row.get("reason", "")},
            "words": row.get("number_text") or row["quote"],
            "said": " · ".join(filter(None, said)),
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
        text = self.texts.get(document_id, "")
        if self.article.get("document_id") != document_id:
            found = numbers.read(evidence.fold(text)) if self.task.unit is check_unit else []
            spans = [[amount.start, amount.end] for amount in found]
            self.article = {"document_id": document_id, "text": text, "numbers": spans}
        here = [r for r in self._rows_of(document_id) if r["at_start"] >= 0]
        self.marks = [[r["at_start"], r["at_end"], r["state"], r["key"]] for r in here]

    def _hint(self) -> dict | None:
        """What one more row of the article would decide: the base that its ratings lack."""
        if self.task.unit is not check_unit:
            return None
        here = {_code(r, "measure_id"): r for r in self._rows_of(self.article["document_id"])
                if r["decision"] != "rejected" and r["at_start"] >= 0}  # fmt: skip
        for kind, others in statements.KINDS.items():
            rated = {measure for measure in here if measure.startswith(f"{kind}_rated_")}
            base = next((here[m] for m in (*others, kind) if m in here), None)
            if rated and base and f"{kind}_assessed" not in here:
                asked = Counter(_code(row, "measure_id") for row in self.rows)
                pairs = sum(asked[measure] > 1 for measure in rated)
                about = self._name("measure_id", f"{kind}_assessed")
                said = {"words": base["number_text"], "about": about, "ratings": len(rated)}
                said = self.words["one_more"].format(**said)
                said += self.words["opens"].format(pairs=pairs) if pairs else ""
                place = {"start": base["at_start"], "end": base["at_end"]}
                place |= {"document_id": base["document_id"], "measure_id": f"{kind}_assessed"}
                return {"said": said, **place}
        return None


def _code(row: Row, column: str) -> str:
    """What a filter of this column looks at; of a measure, the proposed one until it is decided."""
    return row.get(column) or row.get(f"proposed_{column}", "")


def _stamp(table: str) -> tuple:
    """What tells whether a table was written since."""
    path = codebook.table_path(table)
    return path.exists() and (path.stat().st_mtime_ns, path.stat().st_size, path.stat().st_ino)


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
        return empty | about | {"stance": "stated", "coder": task.coder}
    usual = {"period_start": day, "period_end": day, "period_kind": "as_of", "status": "actual"}
    usual |= {"bound": "exact"} | dict.fromkeys(worklist.TRUTHS, "false")
    return empty | about | usual | {"population_stated": "true"}


def _like(rows: list[Row], text: str, start: int, end: int) -> Row:
    """When and where the nearest row of the same sentence is said to be."""
    left, right = _sentence(text, start, end)
    same = [row for row in rows if left <= row["at_start"] < right and "bound" in row]
    names = ("place_id", "level", "period_start", "period_end", "period_kind", "status")
    near = min(same, key=lambda row: abs(row["at_start"] - start), default={})
    return {name: near[name] for name in names if name in near}


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
