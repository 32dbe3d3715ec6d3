"""Whose number it is: the text's own place or a smaller one just named."""

import re

import pytest

from helpers.evidence import fold
from party_cells.proposer import places

OWN = [
    ("huyện Yên Minh", "district"), ("thị xã Mường Lay", "district"), ("xã Nà Lốc", "commune"),
    ("phường Vĩnh Hoa", "commune"), ("tỉnh Sông Lam", "province"), ("Đảng bộ Sở Y tế", "agency"),
    ("Đảng bộ huyện Yên Minh", "district"), ("Nơi nào đó", "unknown"),
    ("Đảng bộ Công an tỉnh Sông Lam", "agency"), ("Đảng bộ các cơ quan tỉnh", "agency"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "level"), OWN)
def test_a_name_tells_its_level(name, level):
    assert places.own_place(name, None) == places.Place(name, level)


def named_at(text: str, word: str, locality: str) -> str:
    found = places.Places(text, fold(text), locality, None)
    starts = [0, *(match.end() for match in re.finditer(r"[.:] ", text))]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        found.sentence(start, end)
        if word in text[start:end]:
            return found.at(text.index(word)).name
    return ""


def test_places_that_were_merged_are_one_place_until_now():
    own = "xã Tân Lập Thượng"
    told = (
        "Năm 2024, khi còn là ba xã, kết nạp 7 đảng viên. Có 98 đảng viên. Hiện có 640 đảng viên."
    )
    assert named_at(told, "7", own) == named_at(told, "98", own) == "ba xã cũ"
    assert named_at(told, "640", own) == own
    assert named_at("Xã kết nạp 21 đảng viên (tính gộp cả hai xã cũ)", "21", own) == own


def test_a_person_is_no_place():
    told = "Bí thư Đảng ủy xã Lê Thị Kim Thoa cho biết có 12 đảng viên"
    assert named_at(told, "12", "huyện Mỹ Hải") == "huyện Mỹ Hải"


def test_a_district_is_known_by_its_bare_name():
    told = "Cán bộ Huyện ủy Krông Hin dự họp.\nỞ cấp huyện, Krông Hin có 41 tổ chức cơ sở đảng."
    assert named_at(told, "41", "tỉnh Đắk Hơ") == "huyện Krông Hin"


def test_a_larger_place_is_told_as_a_whole():
    own = "bản Huổi Ngài, xã Nậm Kha"
    assert named_at("Đảng bộ Nậm Kha có 13 chi bộ", "13", own) == "xã Nậm Kha"
    assert named_at("Năm ngoái, xã có 13 chi bộ", "13", own) == "xã Nậm Kha"
    assert named_at("Xã giao 13 chỉ tiêu", "13", own) == "bản Huổi Ngài"


def test_former_communes_are_known_by_their_bare_names():
    text = "Ba xã Tân Lập, Nà Khoa nhập một; Nà Khoa 14 chi bộ"
    assert named_at(text, "14", "xã Tân Lập Thượng") == "xã Nà Khoa"


def test_without_a_locality_the_most_named_place_is_the_texts_own():
    text = "Huyện Yên Minh họp. Ở huyện Yên Minh có xã Đường Thượng."
    assert places.Places(text, fold(text), None, None).own.name == "huyện Yên Minh"


@pytest.mark.parametrize("name", ["Thạch Khê Nam", "Tượng Lĩnh"])
def test_a_list_names_places_by_their_bare_names(name):
    text = "Một số đảng ủy kết nạp vượt chỉ tiêu cả năm: Thạch Khê Nam 7/6; Tượng Lĩnh 6/5"
    found = places.Places(text, fold(text), "huyện Thạch Đông", None)
    found.sentence(0, len(text))
    assert found.at(text.index(name) + len(name) + 1).name == f"xã {name}"


def test_a_number_behind_cells_in_a_list_is_no_name():
    text = "Cấp thi hành kỷ luật: chi bộ 15, đảng ủy cơ sở 04"
    assert named_at(text, "04", "huyện Can Thượng") == "huyện Can Thượng"
