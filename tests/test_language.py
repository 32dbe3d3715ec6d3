"""One term for one thing, in the codebooks that name things and in the prose of the essays."""

import json
import re

import pytest

from helpers import codebook, paths

WRONG = {  # what is not to be written, and what is
    "vi": {
        r"đuôi (thấp|dưới)|phần cuối|nhóm cuối": "nhóm xếp loại thấp",
        r"cửa kiểm": "bộ điều kiện so sánh",
        r"phân xử": "thống nhất lại",
        r"đoạn mã hóa": "đoạn đã gán chủ đề",
        r"người mã hóa": "lượt mã hóa",
        r"phóng sự": "bài phản ánh",
        r"đơn vị kế tiếp": "nơi kế thừa địa bàn",
        r"số số liệu cần": "số chỉ tiêu cần hỏi",
        r"\d trên \d": "3/5",
        r"\d %": "90%",
        r"\bđã in\b|lối in\b": "bài đã nêu",
        r"ô sống": "ô làm việc trực tiếp được",
        r"nơi xếp loại cũng là": "cấp trên xếp loại chính các tổ chức mình trực tiếp lãnh đạo",
        r"thương của hai": "không suy ra được tỷ lệ",
        r"niên giám": "báo cáo đánh giá, xếp loại hằng năm",
        r"không vui": "điều bất lợi cho địa phương",
    },
    "en": {
        r"base organisation|base committee": "grassroots Party organisation",
        r"(?-i:party) (cell|organi|committee)|grassroots (organi|cell|committee)": "Party cell",
        r"lower tail": "low end",
        r"\d %": "90%",
    },
}


def texts(language: str) -> list[str]:
    """The names in the codebooks, and the prose of the essays with the words of their reports."""
    found = []
    for table in ("vocabulary", "measures", "rating_schemes", "themes"):
        found += codebook.load(table)[f"label_{language}"].dropna().tolist()
    for path in sorted(paths.notebooks().glob("*.ipynb")):
        notebook = json.loads(path.read_text("utf-8"))
        cells, about = notebook["cells"], notebook["metadata"]["party_cells"]
        found += [about["title"][language], about["question"][language]]
        prose = [c for c in cells if c["metadata"].get("tags") == [language]]
        found += ["".join(cell["source"]) for cell in prose]
        code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
        found += re.findall(rf'\b{language}="([^"]*)"', "\n".join(code))
    return found


@pytest.mark.parametrize("language", WRONG)
def test_one_term_stands_for_one_thing(language):
    for text in texts(language):
        for wrong, right in WRONG[language].items():
            assert not re.search(wrong, text, re.IGNORECASE), f"{text!r}: write {right!r}"


def test_every_word_has_both_languages():
    words = codebook.load("vocabulary")
    blank = words[words[["label_en", "label_vi"]].isna().any(axis=1)]
    assert blank.empty, blank[["list", "code"]]
