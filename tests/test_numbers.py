"""What the press writes, and what it amounts to."""

import math

import pytest

from helpers import numbers
from helpers.evidence import fold

ONE = [  # as written, number text, value, bound, unit
    ("1.142 đảng viên", "1.142", 1142, "exact", "count"),
    ("4,974 đảng viên", "4,974", 4974, "exact", "count"),
    ("2492 đảng viên", "2492", 2492, "exact", "count"),
    ("1 142 đảng viên", "1 142", 1142, "exact", "count"),
    ("02 đảng viên", "02", 2, "exact", "count"),
    ("12,5 nghìn đảng viên", "12,5 nghìn", 12500, "exact", "count"),
    ("gần 6 ngàn đảng viên", "6 ngàn", 6000, "approx", "count"),
    ("1,2 vạn đảng viên", "1,2 vạn", 12000, "exact", "count"),
    ("20,59% chi bộ", "20,59", 0.2059, "exact", "share"),
    ("38.81% chi bộ", "38.81", 0.3881, "exact", "share"),
    ("12.345% chi bộ", "12.345", 0.12345, "exact", "share"),
    ("102% chỉ tiêu", "102", 1.02, "exact", "share"),
    ("85 % chi bộ", "85", 0.85, "exact", "share"),
    ("trên 3.550 đảng viên", "3.550", 3550, "at_least", "count"),
    ("ít nhất 4 lần/năm", "4", 4, "at_least", "count"),
    ("không dưới 70% chi bộ", "70", 0.7, "at_least", "share"),
    ("tối thiểu là 90 phút", "90", 90, "at_least", "count"),
    ("không quá 20%", "20", 0.2, "at_most", "share"),
    ("chưa đến 30 đảng viên", "30", 30, "at_most", "count"),
    ("khoảng mười bảy người", "mười bảy", 17, "approx", "count"),
    ("xấp xỉ 95%", "95", 0.95, "approx", "share"),
    ("20 trở lên", "20", 20, "at_least", "count"),
    ("từ 185 đến 190 đảng viên", "185 đến 190", 185, "range", "count"),
    ("85-90% chi bộ", "85-90", 0.85, "range", "share"),
    ("từ 85% đến 90% chi bộ", "85% đến 90", 0.85, "range", "share"),
    ("1 - 2 chi bộ", "1 - 2", 1, "range", "count"),
    ("hai mươi chi bộ", "hai mươi", 20, "exact", "count"),
    ("ba trăm mười hai đảng viên", "ba trăm mười hai", 312, "exact", "count"),
    ("hai mươi mốt chi bộ", "hai mươi mốt", 21, "exact", "count"),
    ("một trăm linh năm đảng viên", "một trăm linh năm", 105, "exact", "count"),
    ("một nghìn năm trăm đảng viên", "một nghìn năm trăm", 1500, "exact", "count"),
    ("hai mươi năm qua", "hai mươi", 20, "exact", "count"),
    ("một phần ba trong số đó", "một phần ba", 0.3333, "exact", "share"),
    ("3 phần 4 chi bộ", "3 phần 4", 0.75, "exact", "share"),
    ("quá nửa được xếp", "quá nửa", 0.5, "at_least", "share"),
    ("một nửa chỉ tiêu", "một nửa", 0.5, "exact", "share"),
    ("2 tháng/lần", "2 tháng/lần", 6, "exact", "per_year"),
    ("3 tháng một lần", "3 tháng một lần", 4, "exact", "per_year"),
    ("không có chi bộ nào yếu kém", "không", 0, "exact", "count"),
]


@pytest.mark.parametrize(("written", "number_text", "value", "bound", "unit"), ONE)
def test_an_amount_is_read_as_written(written, number_text, value, bound, unit):
    (amount,) = numbers.read(fold(written))
    found = written[amount.start : amount.end], amount.value, amount.bound, amount.unit
    assert found == (number_text, pytest.approx(value), bound, unit)


NO_AMOUNT = [
    "31/12/2020", "tháng 6/2023", "04-12-2019", "nhiệm kỳ 2010 - 2015", "08:57", "7h30",
    "21-HD/BTCTW", "1673/NQ-UBTVQH15", "10 - CT/TW", "132-QĐ/TW", "0212.3555.678", "4,5/5",
    "Covid-19", "không ngừng đổi mới", "9" * 400, "1.2.3.4.5", "",
]  # fmt: skip


@pytest.mark.parametrize("written", NO_AMOUNT)
def test_what_only_looks_like_an_amount_is_left_out(written):
    assert numbers.read(fold(written)) == []


@pytest.mark.parametrize("written", ["58/318 chi bộ", "58 trên tổng số 318 chi bộ"])
def test_both_ends_of_a_ratio_are_amounts(written):
    part, whole = numbers.read(fold(written))
    assert (part.value, part.form, whole.value, whole.form) == (58, "part", 318, "whole")


@pytest.mark.parametrize(
    ("written", "low", "low_open", "high", "high_open"),
    [
        ("trên 3.550", 3550, True, math.inf, False),
        ("ít nhất 4", 4, False, math.inf, False),
        ("không quá 20%", -math.inf, False, 0.2, False),
        ("dưới 30", -math.inf, False, 30, True),
        ("gần 30", -math.inf, False, 30, True),
        ("khoảng 30", -math.inf, False, math.inf, False),
        ("từ 30 đến 40", 30, False, 40, False),
        ("30", 30, False, 30, False),
    ],
)
def test_a_qualifier_sets_the_interval(written, low, low_open, high, high_open):
    (amount,) = numbers.read(fold(written))
    found = amount.low, amount.low_open, amount.high, amount.high_open
    assert found == (low, low_open, high, high_open)


@pytest.mark.parametrize(
    ("value", "unit", "english", "vietnamese"),
    [
        (1142, "count", "1,142", "1.142"),
        (4, "per_year", "4", "4"),
        (27.4, "years", "27.4", "27,4"),
        (0.2004, "share", "20.0%", "20,0%"),
        (0.0028, "share", "0.3%", "0,3%"),
        (1.02, "share", "102.0%", "102,0%"),
        (0, "share", "0.0%", "0,0%"),
        (-5, "count", "-5", "-5"),
        (None, "count", "", ""),
        (math.nan, "share", "", ""),
        (math.inf, "count", "∞", "∞"),
    ],
)
def test_a_number_is_written_for_its_reader(value, unit, english, vietnamese):
    assert numbers.write(value, unit, "en") == english
    assert numbers.write(value, unit, "vi") == vietnamese


def test_what_is_written_reads_back():
    for value in (0, 7, 1142, 66000, 1_234_567):
        assert numbers.number(numbers.write(value, "count", "vi")) == value
        assert numbers.number(numbers.write(value, "count", "en")) == value
