"""The only reader of ``data/raw``: the manifest, the checksums, one canonical text per article.

Canonical text: bytes decoded, byte order mark dropped, Unicode NFC, newlines as they are in the
file. Offsets everywhere else count code points of it. Nothing here writes.
"""

import hashlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers import codebook, paths

# TCVN 5712:1993, third character set (VN3), called TCVN3 or ABC: the bytes from A1, and five
# combining tones at B0-B4. The capitals with a tone share the bytes of the small letters there.
_TCVN3 = dict(
    zip(
        bytes.fromhex(
            "A1A2A3A4A5A6A7A8A9AAABACADAEB0B1B2B3B4B5B6B7B8B9BBBCBDBEC6C7C8C9CACBCCCECFD0D1D2D3D4"
            "D5D6D7D8DCDDDEDFE1E2E3E4E5E6E7E8E9EAEBECEDEEEFF1F2F3F4F5F6F7F8F9FAFBFCFDFE"
        ),
        "ĂÂÊÔƠƯĐăâêôơưđ\u0300\u0309\u0303\u0301\u0323àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễ"
        "ếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)
ENCODINGS = ("utf-8", "utf-16", "windows-1258", "tcvn3")


class CorpusInvalid(ValueError):
    """The raw folder and its manifest disagree; the message names the file and what to do."""


@dataclass(frozen=True)
class Document:
    """One article: its id, its canonical text, and its row of the manifest."""

    document_id: str
    text: str
    meta: dict


def decode(data: bytes, encoding: str | None = None) -> str:
    """The canonical text of a file's bytes.

    ``encoding`` is one of `ENCODINGS` (``utf-8-sig``, ``utf-16-le``, ``utf-16-be`` and ``cp1258``
    too); None stands for UTF-8. Raises `CorpusInvalid` at the first byte that cannot be decoded,
    and for undeclared bytes that are not UTF-8 shows how each encoding would read them.

    >>> decode("Hoà Bình".encode("utf-16")  , "utf-16")
    'Hoà Bình'
    >>> decode(bytes([0xA7, 0xB6, 0x6E, 0x67]), "tcvn3")
    'Đảng'
    """
    try:
        text = _decoded(data, encoding or "utf-8")
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        reason = f"byte {at} cannot be decoded as {encoding or 'utf-8'}"
        raise CorpusInvalid(reason + ("" if encoding else "; " + _readings(data))) from None
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff"))


def _decoded(data: bytes, encoding: str) -> str:
    name = encoding.lower().replace("_", "-").split(" ")[0]
    if name in ("tcvn3", "abc"):
        unknown = next((i for i, b in enumerate(data) if b >= 0x80 and b not in _TCVN3), None)
        if unknown is not None:
            raise UnicodeDecodeError("tcvn3", data, unknown, unknown + 1, "no such letter")
        return data.decode("latin-1").translate(_TCVN3)
    if name not in (*ENCODINGS, "utf-8-sig", "utf-16-le", "utf-16-be", "cp1258"):
        known = ", ".join(ENCODINGS)
        raise CorpusInvalid(f"unknown encoding {encoding!r}; declare one of {known}")
    return data.decode(name)


def _readings(data: bytes) -> str:
    """How the first words read under each other encoding, so that a person can choose."""
    readings = []
    for encoding in ENCODINGS[1:]:
        try:
            text = unicodedata.normalize("NFC", _decoded(data[:400], encoding))
            readings.append(f"{encoding}: {' '.join(text.split()[:8])!r}")
        except UnicodeError:
            readings.append(f"{encoding}: not readable")
    return "declare the encoding that reads right: " + "; ".join(readings)


def documents() -> pd.DataFrame:
    """The manifest, one row per document, after checking it against the folder.

    Raises `CorpusInvalid` for a file that is missing, listed twice, unlisted, or outside the
    folder, and `codebook.TableInvalid` for a row that does not fit the dictionary.
    """
    manifest = codebook.load("documents")
    folder = paths.raw().resolve()
    if not folder.is_dir():
        raise CorpusInvalid(f"{paths.data()} is not a collection; begin one: party-cells init")
    plain = {e.name: e.is_file(follow_symlinks=False) for e in os.scandir(folder) if _ours(e.name)}
    for file in (file for file in manifest["file"] if not plain.get(file)):
        if (folder / file).resolve().parent != folder:
            raise CorpusInvalid(f"{file}: leaves {folder.name}/; list files of that folder only")
        if not (folder / file).is_file():
            raise CorpusInvalid(f"{file}: listed in documents.csv, not in the folder; restore it")
    if twice := sorted(manifest["file"][manifest["file"].duplicated()]):
        raise CorpusInvalid(f"{twice[0]}: listed twice in documents.csv; keep one row")
    listed = set(manifest["file"])
    if unlisted := sorted(name for name in {*plain} - listed if name.endswith(".txt")):
        raise CorpusInvalid(
            f"{unlisted[0]}: not listed in documents.csv; add it with `party-cells add`"
        )
    return manifest


def _ours(name: str) -> bool:
    """Whether a file is no hidden, lock or swap file of a system, editor or office program."""
    return not name.startswith((".", "~"))


def read(document_id: str) -> Document:
    """One article by its id; raises `CorpusInvalid` for an unknown id or a changed file."""
    manifest = documents()
    rows = manifest[manifest["document_id"] == document_id]
    if rows.empty:
        known = ", ".join(manifest["document_id"])
        raise CorpusInvalid(f"no document {document_id!r}; known documents: {known}")
    return read_listed(rows.iloc[0].to_dict())


def newest() -> Document:
    """The article published last; an empty one where the collection has none yet."""
    manifest = documents().sort_values("published_date", kind="stable")
    return read_listed(manifest.iloc[-1].to_dict()) if len(manifest) else Document("", "", {})


def about(locality_id: str) -> pd.DataFrame:
    """The manifest of the articles on one locality; without any article, as empty as it is.

    `CorpusInvalid` for a locality that no article is about names the others.

    >>> about("nam-dong")["document_id"].tolist()
    ['nam-dong-2015']
    """
    manifest = documents()
    rows = manifest[manifest["locality_id"] == locality_id]
    if rows.empty and len(manifest):
        known = ", ".join(manifest["locality_id"].unique())
        raise CorpusInvalid(f"no article on locality {locality_id!r}; known localities: {known}")
    return rows


def localities() -> list[str]:
    """The localities with an article, in the order of the years of their first ones.

    >>> localities()
    ['nam-dong', 'yen-minh', 'muong-lay', 'muong-khuong', 'kien-xuong']
    """
    manifest = documents().sort_values("published_date", kind="stable", na_position="last")
    return list(dict.fromkeys(manifest["locality_id"]))


def with_locality(rows: pd.DataFrame) -> pd.DataFrame:
    """Codings, or any rows with a document_id, with the locality_id of their article."""
    places = documents().set_index("document_id")["locality_id"]
    return rows.assign(locality_id=rows["document_id"].map(places))


def read_all(ids: Iterable[str] | None = None) -> list[Document]:
    """Every article of the manifest, or those named alone, in its order."""
    manifest = documents()
    chosen = manifest if ids is None else manifest[manifest["document_id"].isin(ids)]
    return [read_listed(row) for row in chosen.to_dict("records")]


def read_listed(row: dict) -> Document:
    """The article of one row of the manifest, its checksum verified."""
    path: Path = paths.raw() / row["file"]
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != row["sha256"]:
        raise CorpusInvalid(
            f"{row['file']}: checksum {found[:12]}… instead of {row['sha256'][:12]}…; the file was "
            "changed: restore it, or list the new text as a new document"
        )
    try:
        return Document(row["document_id"], decode(data, row["encoding"]), row)
    except CorpusInvalid as error:
        raise CorpusInvalid(f"{row['file']}: {error}") from None
