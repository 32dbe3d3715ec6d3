"""How far two coders agree: percent and Krippendorff's alpha, by theme and by dimension.

The unit is a document and a theme: coded there or not. Alpha is computed by the library
``krippendorff`` (nominal); its interval is the percentile bootstrap over documents, because
passages of one article are not independent. Two passes by one codebook on few texts measure how
repeatable the codebook is, not how far people agree.
"""

import numpy as np
import pandas as pd

CLAIM = ["stance", "status", "level", "place_id"]
FACT = ["measure_id", "value", "value_low", "value_high", "bound", "unit"]
FACT += ["place_id", "level", "scheme_id", "period_start", "period_end", "status"]


def presence(
    coder_1: pd.DataFrame, coder_2: pd.DataFrame, themes: pd.DataFrame, documents: list[str]
) -> pd.DataFrame:
    """One row per document and theme: ``coder_1`` and ``coder_2`` say 1 if it was coded there.

    >>> one = pd.DataFrame({"document_id": ["a"], "theme_id": ["admission"]})
    >>> themes = pd.DataFrame({"theme_id": ["admission"], "dimension": ["members"]})
    >>> presence(one, one.head(0), themes, ["a"])[["coder_1", "coder_2"]].values.tolist()
    [[1, 0]]
    """
    units = themes[["theme_id", "dimension"]].merge(
        pd.DataFrame({"document_id": documents}), how="cross"
    )
    for name, coded in (("coder_1", coder_1), ("coder_2", coder_2)):
        there = set(zip(coded["document_id"], coded["theme_id"], strict=True))
        keys = zip(units["document_id"], units["theme_id"], strict=True)
        units[name] = [int(key in there) for key in keys]
    return units.sort_values(["document_id", "theme_id"], ignore_index=True)


def alpha(one: pd.Series, two: pd.Series) -> float:
    """Krippendorff's alpha of two coders (nominal); NaN where nothing varies.

    >>> round(alpha(pd.Series([1, 0, 1, 1]), pd.Series([1, 0, 0, 1])), 3)
    0.533
    """
    import krippendorff  # and matplotlib with it

    codes, _ = pd.factorize(pd.concat([one, two]), use_na_sentinel=False)
    if len(set(codes)) < 2:
        return float("nan")
    table = codes.reshape(2, -1)
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))


def positive(one: pd.Series, two: pd.Series) -> float:
    """Twice what both coded over what each coded (Dice): agreement on presence, 0-1.

    >>> round(positive(pd.Series([1, 0, 1, 0]), pd.Series([1, 0, 0, 0])), 3)
    0.667
    """
    coded = one.sum() + two.sum()
    return float(2 * (one & two).sum() / coded) if coded else float("nan")


def verbatim(themes: pd.DataFrame, codings: pd.DataFrame, texts: dict[str, str]) -> dict[str, int]:
    """How far the codebook was made of the texts it codes: examples that stand in them.

    Keys ``themes`` and ``themes_verbatim`` (whose example is in one of the texts), ``units`` (a
    document and a theme coded) and ``units_verbatim`` (the example is in that document).
    """
    examples = themes.set_index("theme_id")["example"].dropna()
    units = codings[["document_id", "theme_id"]].drop_duplicates()
    own = [examples.get(theme, "\0") in texts[name] for name, theme in units.to_numpy()]
    anywhere = [any(one in text for text in texts.values()) for one in examples]
    found = {"themes": len(themes), "themes_verbatim": sum(anywhere)}
    return found | {"units": len(units), "units_verbatim": sum(own)}


def alpha_interval(
    units: pd.DataFrame, repeats: int = 1000, level: float = 0.95, seed: int = 1
) -> tuple[float, float]:
    """The percentile interval of alpha when documents are drawn again; NaN below two documents."""
    one, two = units["coder_1"].astype(bool), units["coder_2"].astype(bool)
    coded = pd.DataFrame({"both": one & two, "one": one ^ two, "neither": ~one & ~two})
    tables = coded.groupby(units["document_id"]).sum().to_numpy()
    if len(tables) < 2:
        return float("nan"), float("nan")
    draw = np.random.default_rng(seed)
    drawn = tables[draw.integers(len(tables), size=(repeats, len(tables)))].sum(axis=1)
    values = [_binary_alpha(table) for table in drawn]
    if np.isnan(values).all():
        return float("nan"), float("nan")
    tails = [50 * (1 - level), 100 - 50 * (1 - level)]
    low, high = np.nanpercentile(values, tails)
    return float(low), float(high)


def summary(units: pd.DataFrame, by: str | None = None, interval: bool = False) -> pd.DataFrame:
    """Agreement per value of the column ``by`` (or over all units, as one row ``all``).

    Columns: units, how many each coder and both coded, ``agreement`` (share 0-1), ``positive``
    (the same of what either coded, silence left out), ``alpha``, and with ``interval`` its bounds
    ``alpha_low`` and ``alpha_high``.
    """
    groups = units.groupby(by) if by else [("all", units)]
    rows = []
    for name, group in groups:
        one, two = group["coder_1"], group["coder_2"]
        row = {by or "scope": name, "units": len(group), "coder_1": int(one.sum())}
        row |= {"coder_2": int(two.sum()), "both": int((one & two).sum())}
        row |= {"agreement": float((one == two).mean()), "positive": positive(one, two)}
        row["alpha"] = alpha(one, two)
        if interval:
            row["alpha_low"], row["alpha_high"] = alpha_interval(group)
        rows.append(row)
    names = [by or "scope", "units", "coder_1", "coder_2", "both", "agreement", "positive", "alpha"]
    return pd.DataFrame(rows, columns=[*names, *(("alpha_low", "alpha_high") if interval else ())])


def claims(coder_1: pd.DataFrame, coder_2: pd.DataFrame) -> pd.DataFrame:
    """What each coder says of every theme that at least one coded, one row per document and theme.

    ``coder_1`` and ``coder_2`` hold the stance, status, level and place of each passage
    ("stated done district yen-minh"), empty where the theme was not coded.
    """
    said = {}
    for name, coded in (("coder_1", coder_1), ("coder_2", coder_2)):
        words = coded[CLAIM].fillna("").astype("str").agg(" ".join, axis=1)
        grouped = words.groupby([coded["document_id"], coded["theme_id"]])
        said[name] = grouped.agg(lambda found: "; ".join(sorted(set(found))))
    if not len(coder_1) + len(coder_2):
        return pd.DataFrame(columns=["document_id", "theme_id", "coder_1", "coder_2"])
    both = pd.DataFrame(said).fillna("")
    return both.rename_axis(["document_id", "theme_id"]).reset_index()


def disagreements(coder_1: pd.DataFrame, coder_2: pd.DataFrame) -> pd.DataFrame:
    """The units where the coders differ, with ``differ_in``: presence, or which columns."""
    found = claims(coder_1, coder_2)
    found = found[found["coder_1"] != found["coder_2"]].reset_index(drop=True)
    found["differ_in"] = [_differ_in(row.coder_1, row.coder_2) for row in found.itertuples()]
    return found


def _differ_in(one: str, two: str) -> str:
    if not one or not two:
        return "presence"
    sides = [
        list(zip(*(part.split(" ") for part in said.split("; ")), strict=True))
        for said in (one, two)
    ]
    columns = zip(CLAIM, *sides, strict=True)
    return ", ".join(name for name, a, b in columns if set(a) != set(b)) or "combination"


def on_column(coder_1: pd.DataFrame, coder_2: pd.DataFrame, column: str) -> dict:
    """Agreement on one column among the units that both coders coded: n, agreement, alpha."""
    said = []
    for coded in (coder_1, coder_2):
        keys = [coded["document_id"], coded["theme_id"]]
        said.append(
            coded[column].astype("str").groupby(keys).agg(lambda v: " ".join(sorted(set(v))))
        )
    one, two = said[0].align(said[1], join="inner")
    share = float((one == two).mean()) if len(one) else float("nan")
    alphas = alpha(one, two) if len(one) else float("nan")
    return {"column": column, "units": len(one), "agreement": share, "alpha": alphas}


def facts(coder_1: pd.DataFrame, coder_2: pd.DataFrame) -> pd.DataFrame:
    """Two passes over the figures: how many numbers both found, and agreement column by column.

    A number found by both is the same span of the same document. The first row, ``span``, has as
    units the numbers that at least one coder found; the others, those that both did.
    """
    span = ["document_id", "char_start", "char_end"]
    once = [coded.drop_duplicates(span).set_index(span) for coded in (coder_1, coder_2)]
    shared = once[0].index.intersection(once[1].index)
    union = once[0].index.union(once[1].index)
    rows = [{"column": "span", "units": len(union), "agreement": len(shared) / max(1, len(union))}]
    for column in FACT:
        one, two = (coded.loc[shared, column].astype("str").fillna("") for coded in once)
        rows.append({"column": column, "units": len(shared), "agreement": (one == two).mean()})
    return pd.DataFrame(rows)


def bootstrap_coverage(
    documents: int,
    *,
    themes: int = 53,
    presence_share: float = 0.3,
    error: float = 0.04,
    draws: int = 200,
    repeats: int = 200,
    seed: int = 1,
) -> float:
    """How often the bootstrap's 95 % interval holds the true alpha, for coders simulated here.

    Each of two coders misses or adds a theme with a chance that differs from document to document
    (``error`` on average), as it does where one article is harder than another. A share 0-1; an
    interval that can be believed would give about 0.95.

    >>> bootstrap_coverage(5) < 0.9
    True
    """
    draw = np.random.default_rng(seed)
    truth = _binary_alpha(_simulated(draw, 20_000, themes, presence_share, error).sum(axis=0))
    held = 0
    for _ in range(draws):
        tables = _simulated(draw, documents, themes, presence_share, error)
        again = tables[draw.integers(documents, size=(repeats, documents))].sum(axis=1)
        low, high = np.nanpercentile([_binary_alpha(table) for table in again], [2.5, 97.5])
        held += int(low <= truth <= high)
    return held / draws


def _simulated(draw, documents: int, themes: int, share: float, error: float) -> np.ndarray:
    """Per document how many themes both coders, one, or neither coded: shape (documents, 3)."""
    there = draw.random((documents, themes)) < share
    wrong = draw.exponential(error, size=(documents, 1)).clip(max=0.5)
    one, two = (there ^ (draw.random((documents, themes)) < wrong) for _ in range(2))
    return np.stack([(one & two).sum(1), (one ^ two).sum(1), (~one & ~two).sum(1)], axis=1)


def _binary_alpha(table: np.ndarray) -> float:
    """Krippendorff's alpha from the numbers of units coded by both, by one, by neither."""
    both, one, neither = (int(number) for number in table)
    present, absent = 2 * both + one, 2 * neither + one
    if not present or not absent:
        return float("nan")
    return 1 - (present + absent - 1) * one / (present * absent)
