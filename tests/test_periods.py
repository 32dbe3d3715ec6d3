"""The days that the press's ways of naming a time stand for."""

import re
from datetime import date

import pytest

from helpers.evidence import fold
from party_cells.proposer import periods, spelling

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
    ("quý IV", "2022-10-01", "2022-12-31", "flow"),
    ("tháng 9", "2022-09-01", "2022-09-30", "flow"),
    ("đến ngày 31/8", "2022-08-31", "2022-08-31", "as_of"),
    ("nửa đầu năm", "2022-01-01", "2022-06-30", "flow"),
    ("ba năm gần đây", "2020-01-01", "2022-10-03", "flow"),
    ("đến 2025", "2025-12-31", "2025-12-31", "as_of"),
    ("năm rồi", "2021-01-01", "2021-12-31", "flow"),
    ("quý trước", "2022-07-01", "2022-09-30", "flow"),
    ("tháng trước", "2022-09-01", "2022-09-30", "flow"),
    ("năm qua", "2022-01-01", "2022-12-31", "flow"),
]


@pytest.mark.parametrize(("written", "first", "last", "kind"), NAMED)
def test_a_time_has_its_days(written, first, last, kind):
    (found,) = periods.find(fold(written), date(2022, 10, 3))
    assert (found.first, found.last, found.kind) == (first, last, kind)


@pytest.mark.parametrize(
    "written", ["31/02/2020", "thực hiện", "năm chi bộ", "từ nay", "mỗi tháng 1 lần", ""]
)
def test_what_names_no_time_is_none(written):
    assert periods.find(fold(written), date(2022, 10, 3)) == []


def test_a_time_compared_against_is_marked():
    (found,) = periods.find("so với năm 2019")
    assert found.against


def years_of(text: str, published: str, *, stock: bool = False, plan: bool = False) -> str:
    """The years of the number 13 in a text."""
    folded = fold(text)
    clock = periods.Clock(folded, date.fromisoformat(published))
    at = folded.rindex("13")
    for start, end in sentences(folded):
        if folded[start - 1 : start] == "\n":
            clock.paragraph()
        clock.sentence(start, end)
        if start <= at < end:
            found = clock.at(at, at + 2, end, then=False, stock=stock, plan=plan)
            first, last = found.first[:4], found.last[:4]
            return first if first == last else f"{first}-{last}"
    return ""


def sentences(text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in re.finditer(r"[.?] |\n|$", text)]
    return list(zip([0, *ends], ends, strict=False))


@pytest.mark.parametrize(
    ("text", "published", "years"),
    [
        ("Năm 2018 tốt 84 %; năm 2019 tốt 87 %. Cùng năm có 13", "2020-08-14", "2019"),
        ("Năm 2025 kết nạp 34, riêng quý IV là 13", "2026-01-15", "2025"),
        ("Tháng 12 kết nạp 13", "2026-01-15", "2025"),
        ("Năm 2025 kết nạp 61, nhỉnh hơn năm 2024 (13 đồng chí)", "2026-01-15", "2024"),
        ("Năm 2025 có 61, trong khi năm 2024 có 9. Khai trừ 13", "2026-01-15", "2025"),
        ("Nhiệm kỳ 2015 - 2020 khép lại. Trong nhiệm kỳ kết nạp 13", "2020-08-14", "2015-2020"),
        ("Đại hội nhiệm kỳ 2020 - 2025. Nhiệm kỳ qua kết nạp 13", "2020-08-14", "2015-2020"),
        ("Từ đầu nhiệm kỳ kết nạp 13", "2013-05-14", "2010-2013"),
        ("Nhiệm kỳ 2015 - 2020. Hằng năm bình quân 13", "2020-06-14", "2015-2020"),
        ("Nhiệm kỳ 2015 - 2020 giao 900; hết tháng 9/2018 được 13", "2018-11-02", "2015-2018"),
        ("Từ ngày 1/7 đến hết năm 2025 kết nạp 13", "2026-01-15", "2025"),
        ("Từ nay đến năm 2025 kết nạp 13", "2023-01-15", "2023-2025"),
        ("Năm 2022 kết nạp 9. Sáng 5/1 họp tổng kết. Kết nạp 13", "2023-01-15", "2022"),
        ("Đợt này trao 63. Riêng xã nhận 13", "2005-02-04", "2005"),
        ("Cùng kỳ năm 2023 kỷ luật 49; như vậy đã giảm 13", "2024-12-05", "2024"),
        ("Năm 2020 có 5. Năm 2019 có 4. Kết nạp 13", "2021-03-01", "2020"),
        ("Năm 2023 gì?\nKết nạp 13", "2023-12-05", "2023"),
    ],
)
def test_what_happened_takes_the_time_spoken_of(text, published, years):
    assert years_of(text, published) == years


@pytest.mark.parametrize(
    ("text", "published", "years"),
    [
        ("Năm 2022 kết nạp 9. Đảng bộ có 13", "2023-02-15", "2023"),
        ("Đến 31/12/2022 có 60 chi bộ. Đảng bộ có 13", "2023-02-15", "2022"),
        ("Xã thành lập ngày 1/7/2025, dân số 13", "2026-01-15", "2026"),
        ("Nếu như đầu nhiệm kỳ còn 13", "2013-05-14", "2010"),
        ("Đến cuối nhiệm kỳ có 13", "2020-11-14", "2025"),
    ],
)
def test_what_stands_takes_its_own_day_or_that_of_publication(text, published, years):
    assert years_of(text, published, stock=True) == years


def test_a_plan_takes_the_whole_term():
    text = "Từ đầu nhiệm kỳ kết nạp 12, chỉ tiêu là 13"
    assert years_of(text, "2013-05-14", plan=True) == "2010-2015"


@pytest.mark.parametrize(
    ("measure", "event", "stands"),
    [
        ("members", False, True), ("members_exempted", True, True),
        ("members_admitted", True, False), ("cells_rated_good", True, False),
        ("", True, False), ("", False, None),
    ],
)  # fmt: skip
def test_a_measure_tells_a_state_from_what_happened(measure, event, stands):
    assert periods.stands(measure, event) is stands


def test_a_period_of_open_end_gives_a_stock_no_time():
    text = fold("từ đầu nhiệm kỳ đến nay, đảng bộ có 128 đảng viên")
    clock = periods.Clock(text, None)
    clock.sentence(0, len(text))
    assert clock.at(36, 39, len(text), then=False, stock=True).first == ""


def test_a_table_of_years_flattened_to_lines_is_read_by_its_rows():
    told = spelling.spell("Năm\nKết nạp\nKhai trừ\n2014\n241\n3\n2015\n258\n5").text
    assert told.endswith("năm 2014; Kết nạp: 241; Khai trừ: 3\nnăm 2015; Kết nạp: 258; Khai trừ: 5")
    assert [p.last for p in periods.find(fold(told))] == ["2014-12-31", "2015-12-31"]


def test_a_number_said_once_more_in_words_and_marks_of_notes_are_no_numbers():
    told = spelling.spell("Có 15 (mười lăm) chi bộ, 340 đảng viên(2), 12 (ba nữ).").text
    assert told == "Có 15 chi bộ, 340 đảng viên, 12 (ba nữ)."


def test_a_time_in_brackets_that_are_closed_holds_for_what_they_hold():
    text = "Năm 2013 kết nạp 187 (năm 2012 kết nạp 204), chuyển chính thức 13"
    assert years_of(text, "2014-03-07") == "2013"
