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
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
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

FILTERS = ("document_id", "state", "measure_id", "theme_id", "decision", "rule")
ORDERS = {"by_article": None, "unsure_first": "", "sure_first": "true"}  # which `is_sure` is first
KEYS = {"accept": "a", "reject": "r", "add": "n", "confirm": "f", "undo": "u", "edit": "e"}
KEYS |= {"next": "j ArrowDown", "previous": "k ArrowUp", "search": "/", "keys": "?"}
SHOWN = 15  # rows of the queue in sight
IN_BULK = "accepted in bulk"  # in the note of a row until a person confirms it
FIRST, NEXT = 1.0, 0.25  # seconds that articles are read for, at opening and between two messages
TOGETHER = 4  # articles read at a time

FOLDER = Path(__file__).parent
PAGES = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True)
PAGES.trim_blocks = PAGES.lstrip_blocks = True


class Figures:
    """Candidates for facts: what a row reads as, what is folded, how it is decided and saved."""

    table, about, coder = "checks", "measure_id", ""
    unit = staticmethod(check_unit)
    actions = ("accept", "add", "confirm")
    in_bulk = ("all", "sure")
    sentence = ("value", "measure_id", "place_id", "period", "bound", "status")
    folded = (
        *("level", "unit", "value_basis", "value_low", "low_open", "value_high", "high_open"),
        *("period_kind", "scheme_id", "population_stated", "base_measure_id", "base_text"),
        *("quote", "note"),
    )

    def propose(self, articles: list[corpus.Document]) -> list[Row]:
        return worklist.candidates(articles)

    def rows(self, articles: list[corpus.Document], proposed: list[Row]) -> list[Row]:
        return worklist.queue(articles, proposed)

    def decided(self, old: Row, row: Row, action: str) -> list[Row]:
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
        return [
            row | {"decision": said, "confirmed_by_person": str(not bulk).lower(), "note": note}
        ]

    def save(self, after: list[Row], before: list[Row], texts: dict[str, str]) -> list[Row]:
        return desk.decide(after, before, texts)


class Passages:
    """One coder's own pass; a passage that was accepted from a proposal says so in its note."""

    about, unit, in_bulk = "theme_id", staticmethod(passage_unit), ()
    actions = ("accept", "add")
    sentence = ("theme_id", "status", "place_id", "level", "stance")
    folded = ("speaker", "note")

    def __init__(self, coder: str, blind: bool):
        self.table, self.hand, self.blind = f"codings_{coder}", coder, blind
        self.coder = coder.replace("_", " ")

    def propose(self, articles: list[corpus.Document]) -> list[Row]:
        return [] if self.blind else worklist.theme_candidates(self.hand, articles)

    def rows(self, articles: list[corpus.Document], proposed: list[Row]) -> list[Row]:
        return worklist.codings(self.hand, articles, proposed)

    def decided(self, old: Row, row: Row, action: str) -> list[Row]:
        if action == "reject":
            return [row | {"decision": "dismissed"}]
        note = f"from a proposal {row['note']}".strip() if old["state"] == "open" else row["note"]
        return [row | {"note": note, "decision": "coded"}]

    def save(self, after: list[Row], before: list[Row], _: dict[str, str]) -> list[Row]:
        return desk.code(self.hand, after, before)


class Rulings(Passages):
    """What two coders say differently, passage by passage; both stay on record."""

    table, coder = "adjudications", ""
    actions = ("accept", "confirm")
    sentence = ("follows", *Passages.sentence[1:])

    def __init__(self):
        """Nothing is proposed here."""

    def propose(self, articles: list[corpus.Document]) -> list[Row]:
        return []

    def rows(self, articles: list[corpus.Document], proposed: list[Row]) -> list[Row]:
        return worklist.rulings(articles)

    def decided(self, old: Row, row: Row, action: str) -> list[Row]:
        """The ruling, and with it those on the other passages of a theme the coders agree on."""
        said = {"confirm": "confirmed", "accept": "as coded"}.get(action, "")
        ruling = row | {"kept": str(action != "reject").lower(), "reason": row["reason"] or said}
        others = [other | {"kept": "true", "reason": "the coders agree"} for other in row["others"]]
        return [each | {"confirmed_by_person": "true"} for each in (ruling, *others)]

    def save(self, after: list[Row], before: list[Row], _: dict[str, str]) -> list[Row]:
        return desk.adjudicate(after, before)


Task = Figures | Passages


def figures(language: str = "en", by: str | None = None):
    """Check the candidates for facts; in JupyterLab a live desk, elsewhere the queue as a table."""
    return _open(Figures(), language, by)


def themes(coder: str, language: str = "en", blind: bool = False):
    """A coder's own pass over the articles (``coder_1`` or ``coder_2``).

    The proposals of the rules are offered unless the pass is to be ``blind``; a passage that was
    accepted from one is no independent reading.
    """
    return _open(Passages(coder, blind), language, coder)


def differences(language: str = "en", by: str | None = None):
    """Settle what two coders say differently, passage by passage; both stay on record."""
    return _open(Rulings(), language, by)


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

    _esm = FOLDER / "review.js"
    _css = FOLDER / "review.css"
    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, task: Task, language: str, by: str):
        super().__init__()
        self.task, self.by, self.language = task, by, language
        self.words = report.labels("vocabulary:desk", language)
        self.columns = report.labels("vocabulary:column", language)
        self.columns = self.columns | {"rule": self.columns["rule_name"]}
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
        self.choices = {
            column: {code: worklist.names(column, self.language).get(code, code) for code in codes}
            for column, codes in self.reader.codes.items()
        }
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
        if any(_code(row, name) != code for name, code in self.filters.items()):
            return False
        words = (row.get("number_text", ""), row["quote"], self.about(row))
        return not self.search or self.search in evidence.fold(" ".join(words))

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
        if isinstance(refused, codebook.TableInvalid) and hasattr(refused, "rows"):
            wrong = [(column, "") for column in dict.fromkeys(refused.rows["column"])]
        return "\n".join(self._misfit(*each) for each in wrong) or str(refused)

    def _misfit(self, column: str, why: str) -> str:
        """What does not fit; why in full where the desk speaks English."""
        own = self.words.get(f"does_not_fit_{column}", self.words["does_not_fit"])
        said = why if self.language == "en" else ""
        return f"{self.columns.get(column, column)}: {said or own}"

    def _on_look(self, _: dict) -> None:
        """What other hands have decided is there already; more articles may be read."""
        if self.unread:
            self._read_on(NEXT)

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
        span = _span(document.text, start, end)
        if self.task.unit is passage_unit:
            span["quote"] = span["number_text"]
        if row and row["at_start"] < 0 and row["document_id"] == document.document_id:
            self.draft = row | span
            return ""
        here = [r for r in self.rows if r["document_id"] == document.document_id]
        carried = [r for r in here if r["at_start"] < end and start < r["at_end"]]
        key, measure = f"new|{document.document_id}|{start}|{end}", message.get("measure_id")
        if carried and self.asked != key and not measure:
            seen = next((r for r in carried if self._passes(r)), None)
            self.asked, self.draft, self.key = key, None, seen["key"] if seen else self.key
            return self.words["carried" if seen else "hidden"]
        self.draft = _blank(document, self.task) | span | _like(here, document.text, start, end)
        self.draft |= {"key": key} | ({"measure_id": measure} if measure else {})
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
        saved = self.task.save([row for _, row in made], seen, self.texts)
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
        if self.task.unit is passage_unit or not alone or {*keys} != {*fresh}:
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
        self.view = {
            "said": said,
            "row": row,
            "seen": row and _token(row),
            "list": visible[first : first + SHOWN],
            "progress": {"done": states["decided"], "all": len(self.rows), "here": len(visible)},
            "acceptable": {which: len(self._acceptable(which)) for which in self.task.in_bulk},
            "hint": self._hint(),
        }
        why = "why_checks" if self.task.unit is check_unit else "why_codings"
        reasons = [word for code, word in sorted(self.words.items()) if why in code]
        about = {"orders": ORDERS, "truths": worklist.TRUTHS, "reasons": reasons, "press": KEYS}
        page = PAGES.get_template("review.html.j2")
        self.html = page.render(desk=self, task=self.task, words=self.words, **about, **self.view)

    def told(self, row: Row) -> str:
        """How far a row is: its state, or what was decided, whether a person confirmed it."""
        if row["state"] == "open" and row.get("is_sure") == "true":
            return self.words["sure"]
        if row["state"] != "decided" or self.task.unit is passage_unit:
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

    def pieces(self) -> Iterator[tuple[str, dict]]:
        """The article cut at every end of a mark; a piece wears the shortest mark that covers it.

        Marked are the row on show, the spans that carry rows, and every other number.
        """
        text, row = self.texts.get(self.document_id, ""), self.view["row"]
        amounts = numbers.read(evidence.fold(text)) if self.task.unit is check_unit else []
        marks = [(one.start, one.end, {"state": "number"}) for one in amounts]
        marks += [(r["at_start"], r["at_end"], r) for r in self.rows
                  if r["document_id"] == self.document_id and r["at_start"] >= 0]  # fmt: skip
        if row and row["at_start"] >= 0:
            marks.append((row["at_start"], row["at_end"], row))
        marks.sort(key=lambda mark: mark[0])
        edges = sorted({0, len(text), *(end for mark in marks for end in mark[:2])})
        open_, at = [], 0
        for start, end in pairwise(edges):
            while at < len(marks) and marks[at][0] <= start:
                open_.append(marks[at])
                at += 1
            open_ = [mark for mark in open_ if mark[1] > start]
            yield text[start:end], min(reversed(open_), key=_length, default=(0, 0, {}))[2]

    def _hint(self) -> dict | None:
        """What one more row of the article would decide: the base that its ratings lack."""
        if self.task.unit is not check_unit:
            return None
        here = {_code(r, "measure_id"): r for r in self.rows if r["document_id"] == self.document_id
                and r["decision"] != "rejected" and r["at_start"] >= 0}  # fmt: skip
        for kind, others in statements.KINDS.items():
            rated = {measure for measure in here if measure.startswith(f"{kind}_rated_")}
            base = next((here[m] for m in (*others, kind) if m in here), None)
            if rated and base and f"{kind}_assessed" not in here:
                asked = Counter(_code(row, "measure_id") for row in self.rows)
                pairs = sum(asked[measure] > 1 for measure in rated)
                about = self.named("measure_id", f"{kind}_assessed")
                said = {"words": base["number_text"], "about": about, "ratings": len(rated)}
                said = self.words["one_more"].format(**said)
                said += self.words["opens"].format(pairs=pairs) if pairs else ""
                return {"said": said, "row": base, "measure_id": f"{kind}_assessed"}
        return None


def _code(row: Row, column: str) -> str:
    """What a filter of this column looks at; of a measure, the proposed one until it is decided."""
    return row.get(column) or row.get(f"proposed_{column}", "")


def _length(mark: tuple[int, int, dict]) -> tuple[int, bool]:
    """How a mark ranks where several cover the same words; a row before a mere number."""
    return mark[1] - mark[0], mark[2]["state"] == "number"


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
        return empty | about | {"stance": "stated"}
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
