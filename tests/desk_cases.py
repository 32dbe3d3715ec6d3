"""Decisions to try the desk with, and the two hard days: kills while saving, many at once."""

import os
import random
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pytest

from helpers import codebook, decisions, evidence
from party_cells import desk
from party_cells.desk import storage

DECIDED = ("decisions", "facts", "codings", "audit_notes")
LONG_ARTICLES = ("kien-xuong-2023", "muong-lay-2019", "nam-dong-2015", "yen-minh-2019")
PER_ARTICLE = 3000
FORK = get_context("fork")  # a fresh interpreter would spend its time importing


@pytest.fixture
def desk_folder(data_folder: Path) -> Path:
    """The articles and codebooks without any decision on them."""
    for table in DECIDED:
        (data_folder / "processed" / f"{table}.csv").unlink(missing_ok=True)
    return data_folder


def decision(articles: dict[str, str], words: str, measure: str, **columns) -> dict:
    """An accepted count of a document, found by the words that begin with its number."""
    document = columns.pop("document_id", "yen-minh-2019")
    start, number = articles[document].index(words), words.split(" ")[0]
    value = float(number.replace(".", ""))
    end = start + len(number)
    row = {
        **_about(document),
        "char_start": start,
        "char_end": end,
        "rule": "count",
        "proposed_measure_id": measure,
        "decision": "accepted",
        "level": "district",
        "measure_id": measure,
        "value": value,
        "value_low": value,
        "low_open": False,
        "value_high": value,
        "high_open": False,
        "bound": "exact",
        "unit": "count",
        "population_stated": True,
        "period_kind": "as_of",
        "status": "actual",
        "number_text": number,
        "quote": words,
        **evidence.selectors(articles[document], start, end),
        "decided_by": "lan",
        "decided_on": "2026-11-21",
        "confirmed_by_person": True,
    }
    return row | columns


def _about(document: str) -> dict:
    """The article, its locality, and a day of its year."""
    locality, day = document[:-5], f"{document[-4:]}-01-01"
    places = {"document_id": document, "locality_id": locality, "place_id": locality}
    return places | {"period_start": day, "period_end": day}


def numbered(articles: dict[str, str], number: int, value: float = 0, by: str = "lan") -> dict:
    """One of many different decisions: the words that begin at a given code point."""
    document, at = LONG_ARTICLES[number // PER_ARTICLE], number % PER_ARTICLE
    text = articles[document]
    made = {
        **_about(document),
        "char_start": at,
        "char_end": at + 4,
        "number_text": text[at : at + 4],
        "quote": text[at : at + 20],
        "value": value,
        "value_low": None,
        "value_high": None,
        "value_basis": "misprint",
        "decided_by": by,
        **evidence.selectors(text, at, at + 4),
    }
    return decision(articles, "65 TCCSĐ", "members") | made


def _save_until_killed(articles: dict[str, str], first: int, told: int) -> None:
    for number in range(first, first + 10_000):
        desk.decide([numbered(articles, number)], articles=articles)
        os.write(told, number.to_bytes(4, "big"))


def kill_while_saving(articles: dict[str, str], kills: int, seed: int = 1) -> set[int]:
    """Kill a process at a random instant of its saving, again and again; what it said was saved.

    After each kill every table must be whole, in order, and hold every acknowledged decision.
    """
    draw, saved, first = random.Random(seed), set(), 0
    for _ in range(kills):
        heard, told = os.pipe()
        process = FORK.Process(target=_save_until_killed, args=(articles, first, told))
        process.start()
        os.close(told)
        os.read(heard, 4)  # it has begun: the first decision is saved
        saved.add(first)
        time.sleep(draw.uniform(0, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        while number := os.read(heard, 4):
            saved.add(int.from_bytes(number, "big"))
        os.close(heard)
        first = max(saved) + 2  # the one it was about to save may have been saved unsaid
        storage.log()  # takes away half a line
        checks = _numbers(decisions.standing("checks"))
        assert saved <= checks and checks - saved <= unsaid(saved)
        assert _numbers(codebook.load("facts")) <= checks
    return saved


def unsaid(saved: set[int]) -> set[int]:
    """Decisions that may be on disk although the process died before it could say so."""
    return {number + 1 for number in saved}


def _numbers(frame: pd.DataFrame) -> set[int]:
    """Which of the `numbered` decisions a table has."""
    article = frame["document_id"].map(LONG_ARTICLES.index) * PER_ARTICLE
    return set(article + frame["char_start"])


def _decide_many(articles: dict[str, str], each: int, me: int) -> int:
    """Own decisions, then some on which all say the same, then some on which all differ.

    Returns how many of them met another's decision that differs.
    """
    named = 0
    shared = each // 10
    rows = [numbered(articles, 1000 + me * each + n, by=f"checker {me}") for n in range(each)]
    rows[-shared * 2 : -shared] = [numbered(articles, n, 7, f"checker {me}") for n in range(shared)]
    rows[-shared:] = [numbered(articles, 500 + n, me, f"checker {me}") for n in range(shared)]
    for row in rows:
        try:
            desk.decide([row], articles=articles)
        except storage.DecisionConflict as conflict:
            named += len(conflict.pairs) > 0
    return named


def decide_at_once(articles: dict[str, str], processes: int, each: int) -> dict[str, int]:
    """Processes that decide at the same time: rows on disk, conflicts named and on record."""
    with ProcessPoolExecutor(processes, mp_context=FORK) as everybody:
        named = sum(everybody.map(partial(_decide_many, articles, each), range(processes)))
    desk.tables(check=True)
    checks = decisions.standing("checks")
    contested = {decisions.check_unit(pair[0]) for pair in desk.conflicts()}
    return {"rows": len(checks), "named": named, "contested": len(contested)}


def expected_at_once(processes: int, each: int) -> dict[str, int]:
    """Nothing lost: each own row, one row where all agree, all rows where all differ."""
    shared = each // 10
    own = processes * (each - 2 * shared)
    rows = own + shared + processes * shared
    return {"rows": rows, "named": (processes - 1) * shared, "contested": shared}


# --- the desk without a browser ---------------------------------------------------------------


def say(shown, do: str, **message) -> str:
    """What the browser would send; what the desk says to it."""
    shown._heard(shown, {"do": do, "id": "1", **message}, [])
    return shown.view["said"]


def decide(shown, action: str = "accept", reason: str = "", by: str = "lan", **fields) -> str:
    """Decide on the row that is shown, as a person does who sees it."""
    row = shown.view["row"]
    about = {"key": row["key"], "seen": shown.view["seen"], "by": by}
    return say(shown, "decide", action=action, reason=reason, fields=fields, **about)


def go_to(shown, words: str, document_id: str = "muong-lay-2019") -> None:
    keys = [
        row["key"]
        for row in shown.rows
        if (row["number_text"] or row["quote"]) == words and row["document_id"] == document_id
    ]
    say(shown, "go", key=keys[0])


def select(shown, words: str, document_id: str = "muong-lay-2019") -> str:
    start = shown.texts[document_id].index(words)
    about = {"document_id": document_id, "start": start, "end": start + len(words)}
    return say(shown, "select", **about)
