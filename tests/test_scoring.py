"""Marks become gold; shares come with published Wilson intervals."""

import pandas as pd
import pytest

from party_cells import proposer
from party_cells.proposer import scoring

ARTICLE = """published: 2021-01-14
locality: huyện Mường Then
---
Huyện có ⟦47|base_organisations;p=2020-12-31⟧ TCCSĐ;
⟦58/318|cells_rated_good;part=cells_assessed⟧ chi
bộ, ⟦18,2|cells_rated_good⟧%, ⟦ba|-;v=3;l=cell;at=bản Nà Hin;p=now⟧ người."""


def test_marks_leave_the_text_and_give_its_facts():
    text, head, gold = scoring.annotated(ARTICLE)
    assert "⟦" not in text and head["locality"] == "huyện Mường Then"
    assert gold["number_text"].tolist() == ["47", "58", "318", "18,2", "ba"]
    assert gold["value"].tolist() == [47, 58, 318, pytest.approx(0.182), 3]
    assert gold["measure_id"].tolist()[2:] == ["cells_assessed", "cells_rated_good", ""]
    assert gold["level"].tolist() == ["district"] * 4 + ["cell"]
    assert gold["period_end"].tolist() == ["2020-12-31"] * 4 + ["2021-01-14"]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(3, 7, 0.158, 0.750), (12, 12, 0.758, 1.0), (0, 0, 0.0, 1.0)]
)
def test_wilson_gives_the_published_values(hits, n, low, high):
    assert scoring.wilson(hits, n) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    base = {"number_text": "1", "value": 1.0, "bound": "exact", "unit": "count", "status": "actual",
            "level": "district", "place": "huyện A", "period_start": "2020-01-01",
            "period_end": "2020-12-31"}  # fmt: skip
    gold = [
        base | {"char_start": at, "measure_id": "members", "repeat": at == 3} for at in (1, 2, 3)
    ]
    found = [
        base
        | {"char_start": at, "measure_id": measure, "rule": "noun", "quote": "", "is_sure": at == 1}
        for at, measure in ((1, "members"), (9, "cells"), (10, ""))
    ]
    return pd.DataFrame(gold), pd.DataFrame(found)


def test_scores_count_found_noise_and_right():
    table = scoring.scores(*frames(), {"members"}).set_index("question")
    shares = table["hits"].astype(str) + "/" + table["n"].astype(str)
    asked = ["recall", "precision", "noise", "measure", "left_blank", "sure", "sure_right"]
    assert shares[asked].tolist() == ["1/2", "1/2", "1/2", "1/1", "0/0", "1/1", "1/1"]


def test_more_noise_than_facts_is_a_rate_without_an_interval():
    text, _, gold = scoring.annotated("locality: xã A\n---\nCó ⟦12|cells⟧ chi bộ, 5 và 7.")
    loud = proposer.propose(text).iloc[[0, 0, 0]].assign(char_start=[3, 14, 19], measure_id="")
    noise = scoring.scores(gold, loud, set()).set_index("question").loc["noise"]
    assert noise["share"] == 2 and noise[["low", "high"]].isna().all()
