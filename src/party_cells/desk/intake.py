"""A new article: its bytes kept as they are, its row of the manifest, its locality if it is new."""

import hashlib
import os
import re
from pathlib import Path

import pandas as pd

from helpers import codebook, corpus, evidence, paths
from party_cells.desk import storage

REQUIRED = ("locality", "published")
OPTIONS = {
    "locality": "id of its locality, for instance yen-minh",
    "published": "day of publication, YYYY-MM-DD",
    "published_basis": "printed (default) or inferred",
    "id": "document_id (default: locality and year)",
    "encoding": "if it is not UTF-8: utf-16, windows-1258 or tcvn3",
    "title": "default: the first line of the text",
    "outlet": "the newspaper",
    "outlet_basis": "printed, inferred or unknown (default)",
    "author": "as printed",
    "url": "where it was found",
    "retrieved_on": "when it was found, YYYY-MM-DD",
    "kind": "feature, interview, conference_report or report",
    "rights": "who holds them",
    "note": "what a reader of the manifest must know",
    "name": "of a new locality, in Vietnamese",
    "name_en": "of a new locality, in English",
    "level": "of a new locality (default: district)",
    "province": "of a new locality at the time",
}


class ArticleRefused(ValueError):
    """An article that cannot be added; nothing was written."""


def add(source: Path, *, locality: str, published: str, **given: str) -> str:
    """Add a text file to the collection in use; returns its document_id.

    Refused by name: bytes that are not in the declared encoding, a text that is there already
    (the same bytes, or the same words in another encoding), an id that is taken, and an unknown
    locality without a name. The other arguments are the keys of `OPTIONS`.
    """
    data = source.read_bytes()
    text = corpus.decode(data, given.get("encoding"))
    if not text.strip():
        raise ArticleRefused(f"{source.name}: the text is empty")
    document_id = given.get("id") or f"{locality}-{published[:4]}"
    paths.raw().mkdir(parents=True, exist_ok=True)
    paths.processed().mkdir(exist_ok=True)
    with storage.locked():
        manifest = _manifest()
        _refuse_double(source.name, document_id, data, text, manifest)
        row = _row(document_id, locality, published, data, text, given)
        listed = pd.concat([manifest, pd.DataFrame([row])], ignore_index=True)
        codebook.validate(listed.astype("str").replace("", None), "documents")
        _add_locality(locality, given)
        _keep(paths.raw() / row["file"], data)
        codebook.save(listed.astype("str").replace("", None), "documents")
    return document_id


def _manifest() -> pd.DataFrame:
    """The manifest as text; without rows for a collection that begins."""
    rows = storage.rows("documents")
    return pd.DataFrame(rows, columns=codebook.columns("documents"), dtype="str")


def _refuse_double(
    name: str, document_id: str, data: bytes, text: str, manifest: pd.DataFrame
) -> None:
    if document_id in set(manifest["document_id"]):
        raise ArticleRefused(f"{name}: {document_id} is taken; give another id with --id")
    digest = hashlib.sha256(data).hexdigest()
    if len(same := manifest[manifest["sha256"] == digest]):
        raise ArticleRefused(f"{name}: the same bytes as {same.iloc[0]['document_id']}")
    for row in manifest.to_dict("records"):
        known = corpus.decode((paths.raw() / row["file"]).read_bytes(), row["encoding"])
        if _words(known) == _words(text):
            raise ArticleRefused(f"{name}: the same words as {row['document_id']}")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", evidence.fold(text))


def _row(
    document_id: str, locality: str, published: str, data: bytes, text: str, given: dict[str, str]
) -> dict[str, str]:
    """The row of the manifest; what nobody said is unknown."""
    unknown = dict.fromkeys(("outlet", "outlet_basis", "author", "url", "retrieved_on"), "unknown")
    unknown |= {"kind": "unknown", "rights": "unknown", "published_basis": "printed"}
    first_line = text.strip().split("\n", 1)[0].strip()
    own = {name: cell for name, cell in given.items() if name in codebook.columns("documents")}
    return {
        **unknown,
        "title": first_line,
        "encoding": "utf-8",
        **own,
        "document_id": document_id,
        "file": f"{document_id}.txt",
        "locality_id": locality,
        "published_date": published,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _add_locality(locality: str, given: dict[str, str]) -> None:
    """The row of a locality that the collection does not have yet."""
    rows = storage.rows("localities")
    if any(row["place_id"] == locality for row in rows):
        return
    if "name" not in given:
        known = ", ".join(sorted(row["place_id"] for row in rows)) or "none"
        raise ArticleRefused(
            f"unknown locality {locality!r}; known: {known}; for a new one give --name, --level "
            "and --province"
        )
    made = {"place_id": locality, "locality_id": locality, "name_vi": given["name"]}
    made |= {
        "name_en": given.get("name_en", given["name"]),
        "level": given.get("level", "district"),
    }
    made |= {"province_vi": given.get("province", ""), "province_en": given.get("province", "")}
    made["position"] = 1 + max((int(row["position"] or 0) for row in rows), default=0)
    made["successor_verified"] = False
    storage.replace_rows("localities", [], storage.as_text([made], "localities"))


def _keep(path: Path, data: bytes) -> None:
    """The bytes under their name, whole or not at all, and not to be written again."""
    beside = path.with_suffix(".part")
    try:
        beside.write_bytes(data)
        beside.chmod(0o444)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
