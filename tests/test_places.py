"""Whose number it is: the text's own place or a smaller one just named."""

import pytest

from helpers.evidence import fold
from helpers.extract import places

OWN = [
    ("huyện Yên Minh", "district"), ("thị xã Mường Lay", "district"), ("xã Nà Lốc", "commune"),
    ("phường Vĩnh Hoa", "commune"), ("tỉnh Sông Lam", "province"), ("Đảng bộ Sở Y tế", "agency"),
    ("Đảng bộ huyện Yên Minh", "district"), ("Nơi nào đó", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "level"), OWN)
def test_a_name_tells_its_level(name, level):
    assert places.own_place(name, None) == places.Place(name, level)


def named_at(text: str, word: str, locality: str) -> str:
    found = places.Places(text, fold(text), locality, None)
    found.sentence(0, len(text))
    return found.at(text.index(word)).name


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Đảng bộ xã Bình Định có 13 chi bộ", "xã Bình Định"),
        ("Chi bộ thôn Đồng Vân có 13 đảng viên", "thôn Đồng Vân"),
        ("Toàn huyện có 13 chi bộ", "huyện Kiến Xương"),
        ("tổ chức cơ sở Đảng có 13 chi bộ", "huyện Kiến Xương"),
        ("Chi bộ HTXSNV có 13 nơi", "huyện Kiến Xương"),
        ("Huyện Kiến Xương có 13 chi bộ", "huyện Kiến Xương"),
        ("Phường Tân Phú đổi khác. Cả phường có 13 chi bộ", "phường Tân Phú"),
        ("Xã Hoa Lư nay khác. Huyện ủy giao 13 chi bộ", "huyện Kiến Xương"),
        ("Xã Bản Liền có 13 chi bộ", "xã Bản Liền"),
        ("Công ty TNHH MTV Trường Giang có 13 chi bộ", "công ty TNHH MTV Trường Giang"),
        ("là nỗi lo của cả xã. Năm 2006 có 13 chi bộ", "huyện Kiến Xương"),
        ("Huyện ủy Mai Hóa giao 13 chi bộ", "huyện Kiến Xương"),
        ("Chi bộ tổ 7 có 13 đảng viên", "chi bộ tổ 7"),
        ("Phường Tân Phú họp. Các đảng bộ phường có 13 chi bộ", "phường Tân Phú"),
    ],
)
def test_a_smaller_place_takes_over(text, place):
    assert named_at(text, "13", "huyện Kiến Xương") == place


def test_former_communes_are_known_by_their_bare_names():
    text = "Ba xã Tân Lập, Nà Khoa nhập một; Nà Khoa 14 chi bộ"
    assert named_at(text, "14", "xã Tân Lập Thượng") == "xã Nà Khoa"


def test_without_a_locality_the_most_named_place_is_the_texts_own():
    text = "Huyện Yên Minh họp. Ở huyện Yên Minh có xã Đường Thượng."
    assert places.Places(text, fold(text), None, None).own.name == "huyện Yên Minh"
