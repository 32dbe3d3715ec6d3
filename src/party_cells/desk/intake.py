"""A new collection, a new article, a new place.

Of an article the bytes are kept as they are; it gets its row of the manifest, and its locality if
that is new. What is no Vietnamese text is refused with what it looks like, and nothing is written.
"""

import hashlib
import os
import re
import shutil
import unicodedata
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


SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST, LONGEST_ID = 300, 100  # characters of a title, of an id
NO_TEXTS = {  # how files begin that are no texts
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or a Word document",
    b"\xd0\xcf\x11\xe0": "an old Word document",
    b"{\\rtf": "rich text",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
TAGS = re.compile(r"</?(html|head|body|div|p|span|br|table|script|meta|\?xml)\b[^>]*>", re.I)
UNKNOWN = re.compile("[\0-\x08\x0e-\x1f\ufffd-\uffff]")  # what no text has
VIETNAMESE = re.compile(r"[đĐăĂơƠưƯ\u1ea0-\u1ef9]")
SPELT = {  # what other ways of writing the letters look like, by the marks that they leave
    "VNI": re.compile(r"[aeiouyAEIOUY][ùøûõïáàåãäéèúüêëâ]|ñ|Ñ|ö[ùøûõï]?|ô[ùøûõï]"),
    "VIQR": re.compile(r"[aeiouy][(^+]?['`?~.](?=\w)|[aeo]\^|[ou]\+|a\(|\bdd", re.IGNORECASE),
    "TCVN3 read as another": re.compile(r"[®¶§¸©¨](?=\w)|(?<=\w)[®¶§¸©¨µ]"),
    "UTF-8 read as Latin-1": re.compile("Ä[\u0090\u0091\u2018]|á[»º]|Æ[°¡]|Ã[\u0080-\u00bf]|Äƒ"),
}


class ArticleRefused(ValueError):
    """An article or a place that cannot be added; nothing was written."""


_HIDDEN = shutil.ignore_patterns(".*")


def init(folder: Path) -> Path:
    """Begin a collection: codebooks and notebooks are copied, every other table is empty; its
    folder.
    """
    folder, source = Path(os.path.abspath(folder)), paths.ROOT / "data"
    if any((folder / part).exists() for part in ("raw", "processed")):
        raise ArticleRefused(f"{folder}: there is a collection already; name another folder")
    for part in ("raw", "processed"):
        (folder / part).mkdir(parents=True)
        shutil.copyfile(source / part / "datapackage.json", folder / part / "datapackage.json")
    for table in codebook.dictionary():
        path = folder / ("raw" if table == "documents" else "processed") / f"{table}.csv"
        if table in (*codebook.CODEBOOKS, "crosswalks"):
            shutil.copyfile(source / "processed" / path.name, path)
        else:
            codebook.replace(path, ",".join(codebook.columns(table)) + "\n")
    shutil.copytree(paths.ROOT / "notebooks", folder / "notebooks", ignore=_HIDDEN)
    return folder


def add(source: Path, *, locality: str, published: str, **given: str) -> str:
    """Add a text file to the collection in use; returns its document_id.

    Refused by name: what is no text or not in the declared encoding, letters that are not
    Vietnamese, a text that is there already (the same bytes, or the same words in another
    encoding), an id that is taken, and an unknown locality without a name. The other arguments are
    the keys of `OPTIONS`.
    """
    if not codebook.is_day(published):
        raise ArticleRefused(f"--published: expected a day, like 2019-04-12; found {published!r}")
    document_id = given.get("id") or f"{locality}-{published[:4]}"
    for option, slug in (("--locality", locality), ("--id", document_id)):
        _require_slug(option, slug)
    data = source.read_bytes()
    text = _text(source.name, data, given.get("encoding"))
    paths.raw().mkdir(parents=True, exist_ok=True)
    paths.processed().mkdir(exist_ok=True)
    with storage.locked():
        manifest = codebook.rows_of("documents")
        _refuse_double(source.name, document_id, data, text, manifest)
        row = _row(document_id, locality, published, data, text, given)
        listed = _with(manifest, row, "documents")
        path = paths.raw() / row["file"]
        if path.is_symlink() or (path.exists() and path.read_bytes() != data):
            raise ArticleRefused(f"{path.name}: another file of this name is in raw/; give an --id")
        _add_locality(locality, given)
        codebook.replace(path, data)
        path.chmod(0o444)  # not to be written again
        codebook.save(listed, "documents")
    return document_id


def _with(rows: list[dict[str, str]], row: dict[str, str], table: str) -> pd.DataFrame:
    """A table with one row more, if every cell of that fits."""
    for field in codebook.fields(table):
        name, cell = field["name"], row.get(field["name"], "")
        if said := codebook.misfit(field, cell):
            raise ArticleRefused(f"--{name.replace('_', '-')}: expected {said}; found {cell!r}")
    names = [*dict.fromkeys([*codebook.columns(table), *(rows or [row])[0]])]
    return codebook.validate(pd.DataFrame([*rows, row], columns=names, dtype="str"), table)


def _require_slug(what: str, slug: str) -> None:
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_ID:
        said = f"small letters a-z, digits and -, for instance {slug_of(slug)[:40] or 'hoa-lac'}"
        raise ArticleRefused(f"{what}: expected {said}; found {slug!r}")


def slug_of(name: str) -> str:
    """A name as an id.

    >>> slug_of("Thôn Đồng Vân")
    'thon-dong-van'
    """
    plain = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return "-".join(re.findall("[a-z0-9]+", re.sub("[\u0300-\u036f]", "", plain)))


def _text(name: str, data: bytes, encoding: str | None) -> str:
    """The text of the bytes, if it is one and its letters are Vietnamese."""
    for begins, looks in NO_TEXTS.items():
        if data.lstrip().startswith(begins):
            raise ArticleRefused(f"{name}: {looks}, not a text; save the words of the article")
    if encoding and "utf-8" not in encoding.lower() and _is_utf_8(data):
        raise ArticleRefused(f"{name}: the bytes are UTF-8, not {encoding}; leave out --encoding")
    text = corpus.decode(data, encoding)
    letters = sum(char.isalpha() for char in text)
    if not letters:
        raise ArticleRefused(f"{name}: the text is empty: no letter in it")
    if TAGS.search(text):
        raise ArticleRefused(f"{name}: HTML, not a text; save the words of the article as text")
    if found := UNKNOWN.search(text):
        said = "NUL" if found[0] == "\0" else repr(found[0])
        raise ArticleRefused(f"{name}: {said} in the text: save it anew, or tell its --encoding")
    marks = {said: len(form.findall(text)) for said, form in SPELT.items()}
    is_vietnamese = len(VIETNAMESE.findall(text)) >= letters / 50
    if is_vietnamese:  # all but these stand in good Vietnamese too
        marks = {said: count for said, count in marks.items() if "read as" in said}
    likely = max(marks, key=marks.get)
    if marks[likely] >= max(2, letters / 100):
        raise ArticleRefused(f"{name}: the letters look like {likely}; save the text as UTF-8")
    if not is_vietnamese:
        raise ArticleRefused(f"{name}: hardly a letter is Vietnamese; is it a Vietnamese text?")
    return text


def _is_utf_8(data: bytes) -> bool:
    try:
        return not data.isascii() and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _refuse_double(
    name: str, document_id: str, data: bytes, text: str, manifest: list[dict[str, str]]
) -> None:
    for row in manifest:
        if row["document_id"] == document_id:
            raise ArticleRefused(f"{name}: {document_id} is taken; give another id with --id")
        known = (paths.raw() / row["file"]).read_bytes()
        if known == data:
            raise ArticleRefused(f"{name}: the same bytes as {row['document_id']}")
        if _words(corpus.decode(known, row["encoding"])) == _words(text):
            raise ArticleRefused(f"{name}: the same words as {row['document_id']}")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", evidence.fold(text))


def _row(
    document_id: str, locality: str, published: str, data: bytes, text: str, given: dict[str, str]
) -> dict[str, str]:
    """The row of the manifest; what nobody said is unknown."""
    if len(given.get("title", "")) > LONGEST:
        raise ArticleRefused(f"--title: expected at most {LONGEST} characters")
    title = text.strip().split("\n", 1)[0].strip()
    if len(title) > LONGEST:  # a text without line ends
        title = title[:LONGEST].rpartition(" ")[0] + " …"
    names = codebook.columns("documents")
    usual = {name: "unknown" for name in names if name != "note"}
    usual |= {"title": title, "encoding": "utf-8"}
    own = {name: cell for name, cell in given.items() if name in names}
    about = {"document_id": document_id, "file": f"{document_id}.txt", "locality_id": locality}
    about |= {"published_date": published, "sha256": hashlib.sha256(data).hexdigest()}
    return usual | {"published_basis": "printed"} | own | about


def _add_locality(locality: str, given: dict[str, str]) -> None:
    """The row of a locality that the collection does not have yet."""
    known = [row["place_id"] for row in codebook.rows_of("localities")]
    if locality in known:
        return
    if "name" not in given:
        said = ", ".join(sorted(known)) or "none"
        raise ArticleRefused(
            f"unknown locality {locality!r}; known: {said}; for a new one give --name, --level "
            "and --province"
        )
    about = {"level": given.get("level", "district"), "province": given.get("province", "")}
    add_place(given["name"], locality, name_en=given.get("name_en", ""), place_id=locality, **about)


def add_place(
    name: str,
    locality_id: str,
    *,
    level: str,
    name_en: str = "",
    province: str = "",
    place_id: str = "",
) -> str:
    """Add a place of a locality, such as a village, cell or commune; returns its place_id.

    ``level`` is one of the levels of places. The id follows from the name where none is given.
    `ArticleRefused` for a place that is there already, or a locality that is not.
    """
    place_id = place_id or slug_of(name)
    _require_slug("place_id", place_id)
    with storage.locked():
        rows = codebook.rows_of("localities")
        known = {row["place_id"]: row for row in rows}
        if place_id in known:
            raise ArticleRefused(f"{place_id} is a place already: {known[place_id]['name_vi']}")
        if locality_id not in {place_id, *known}:
            raise ArticleRefused(f"unknown locality {locality_id!r}; known: {', '.join(known)}")
        home = known.get(locality_id, {"province_vi": province, "province_en": province})
        row = {"place_id": place_id, "locality_id": locality_id, "name_vi": name.strip()}
        row |= {"name_en": name_en or name.strip(), "level": level, "successor_verified": "false"}
        row |= {part: home[part] for part in ("province_vi", "province_en")}
        row["position"] = str(1 + max((int(each["position"] or 0) for each in rows), default=0))
        codebook.save(_with(rows, row, "localities"), "localities")
    return place_id
