"""The days that the press's ways of naming a time stand for."""

from datetime import date

import pytest

from helpers.evidence import fold
from helpers.extract import periods

NAMED = [
    ("ngày 31/12/2020", "2020-12-31", "2020-12-31", "as_of"),
    ("cuối năm 2019", "2019-12-31", "2019-12-31", "as_of"),
    ("đầu năm 2019", "2019-01-01", "2019-01-01", "as_of"),
    ("năm 2022", "2022-01-01", "2022-12-31", "flow"),
    ("tháng 6/2023", "2023-06-01", "2023-06-30", "flow"),
    ("tháng 2 năm 2024", "2024-02-01", "2024-02-29", "flow"),
    ("quý III/2025", "2025-07-01", "2025-09-30", "flow"),
    ("6 tháng đầu năm 2023", "2023-01-01", "2023-06-30", "flow"),
    ("6 tháng cuối năm 2023", "2023-07-01", "2023-12-31", "flow"),
    ("chín tháng qua", "2022-01-01", "2022-09-30", "flow"),
    ("nhiệm kỳ 2020 - 2025", "2020-01-01", "2025-12-31", "flow"),
    ("đầu nhiệm kỳ 2010 - 2015", "2010-01-01", "2010-01-01", "as_of"),
    ("từ năm 2016 đến năm 2020", "2016-01-01", "2020-12-31", "flow"),
    ("từ đầu năm 2010 đến nay", "2010-01-01", "2022-10-03", "flow"),
    ("năm 2016, 2017 và năm 2018", "2016-01-01", "2018-12-31", "mean_of_years"),
    ("năm nay", "2022-01-01", "2022-12-31", "flow"),
    ("năm ngoái", "2021-01-01", "2021-12-31", "flow"),
    ("hiện nay", "2022-10-03", "2022-10-03", "as_of"),
]


@pytest.mark.parametrize(("written", "first", "last", "kind"), NAMED)
def test_a_time_has_its_days(written, first, last, kind):
    (found,) = periods.find(fold(written), date(2022, 10, 3))
    assert (found.first, found.last, found.kind) == (first, last, kind)


@pytest.mark.parametrize("written", ["31/02/2020", "thực hiện", "năm chi bộ", "từ nay", ""])
def test_what_names_no_time_is_none(written):
    assert periods.find(fold(written), date(2022, 10, 3)) == []


def test_a_time_compared_against_is_marked():
    (found,) = periods.find("so với năm 2019")
    assert found.against


def test_a_look_back_does_not_outlive_its_sentence():
    text = "năm 2020 có 5. năm 2019 có 4. kết nạp 6."
    clock = periods.Clock(text, None)
    seen = []
    for start, end in ((0, 14), (14, 29), (29, len(text))):
        clock.sentence(start, end)
        seen.append(clock.at(end - 2, end - 1, end, then=False, stock=False).last[:4])
    assert seen == ["2020", "2019", "2020"]


def test_a_period_of_open_end_gives_a_stock_no_time():
    text = fold("từ đầu nhiệm kỳ đến nay, đảng bộ có 128 đảng viên")
    clock = periods.Clock(text, None)
    clock.sentence(0, len(text))
    assert clock.at(36, 39, len(text), then=False, stock=True).first == ""
