"""Real phrasings and what is proposed for them; other texts and an analyst's own terms."""

from pathlib import Path

import pandas as pd
import pytest

from helpers import codebook, corpus, extract
from helpers.extract import lexicon, scoring

ARTICLES = sorted(Path(__file__).parent.glob("articles/**/*.txt"))


def measures(text: str, **keys) -> list[tuple[str, str]]:
    found = extract.propose(text, **keys)
    return list(zip(found["number_text"], found["measure_id"], strict=True))


PHRASINGS = [
    ("có 35 tổ chức cơ sở đảng (5 đảng bộ, 30 chi bộ trực thuộc) với 1.142 đảng viên",
     [("35", "base_organisations"), ("5", "base_committees"), ("30", "base_cells"),
      ("1.142", "members")]),
    ("58/318 chi bộ (18,2%) hoàn thành xuất sắc nhiệm vụ",
     [("58", "cells_rated_excellent"), ("318", "cells_assessed"),
      ("18,2", "cells_rated_excellent")]),
    ("kỷ luật 24 đảng viên, trong đó khiển trách 14, cảnh cáo 06, khai trừ 03",
     [("24", "members_disciplined"), ("14", "members_reprimanded"), ("06", "members_warned"),
      ("03", "members_expelled")]),
    ("khiển trách 38 đảng viên; cảnh cáo 10 đảng viên",
     [("38", "members_reprimanded"), ("10", "members_warned")]),
    ("13 đảng viên bị khiển trách, 4 đồng chí bị cảnh cáo",
     [("13", "members_reprimanded"), ("4", "members_warned")]),
    ("Kết nạp 204 đảng viên, trong đó nữ 98, chiếm 48%",
     [("204", "members_admitted"), ("98", "members_admitted_female"),
      ("48", "members_admitted_female")]),
    ("kết nạp 204 đảng viên mới, bằng 102% chỉ tiêu",
     [("204", "members_admitted"), ("102", "members_admitted_target_completion")]),
    ("tỷ lệ đảng viên hoàn thành tốt, hoàn thành nhiệm vụ lần lượt là 85,1% và 14,9%",
     [("85,1", "members_rated_good"), ("14,9", "members_rated_completed")]),
    ("22/31 thôn có chi bộ độc lập", [("22", "villages_with_own_cell"), ("31", "villages")]),
    ("tỷ lệ chi bộ thôn, tổ dân phố có chi ủy đạt 65%", [("65", "cells_with_committee")]),
    ("90% tổ chức cơ sở đảng hoàn thành tốt nhiệm vụ trở lên",
     [("90", "organisations_rated_good_or_better")]),
    ("không có chi bộ nào không hoàn thành nhiệm vụ", [("không", "cells_rated_not_completed")]),
    ("dự sinh hoạt với chi bộ ít nhất 4 lần/năm", [("4", "officer_attendance_frequency")]),
    ("kiểm tra 12 tổ chức đảng và 25 đảng viên",
     [("12", "organisations_inspected"), ("25", "members_inspected")]),
    ("tập huấn cho 230 đảng viên", [("230", "")]),
    ("15 đảng viên nhận Huy hiệu Đảng", [("15", "badges_awarded")]),
    ("vận động 42 hộ góp 380 triệu đồng làm 3,6 km đường, trồng 160ha chè, năm 2020", []),
    ("Nghị quyết số 18-NQ/TW ngày 25/10/2017, Điều 3, khóa XII; 08:57; lượt xem: 1.204", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PHRASINGS)
def test_a_phrasing_gives_its_measures(text, expected):
    assert measures(text) == expected


ELLIPTIC = [
    ("Xã kết nạp 9 đảng viên mới. Phân tích 9 người: 5 nữ, tuổi bình quân 27,4",
     [("9", "members_admitted"), ("9", "members_admitted"), ("5", "members_admitted_female"),
      ("27,4", "members_admitted_mean_age")]),
    ("12 đảng viên được trao Huy hiệu Đảng: 50 năm 4, 40 năm 8",
     [("12", "badges_awarded"), ("4", "badges_awarded_50y"), ("8", "badges_awarded_40y")]),
    ("Tỷ lệ đảng viên dự sinh hoạt: Quý I 78,6%, quý II 83%",
     [("78,6", "attendance_rate"), ("83", "attendance_rate")]),
    ("Năm 2016 xã kết nạp 2 người, năm 2017: 5 người, năm 2018: 7 người.",
     [("2", "members_admitted"), ("5", "members_admitted"), ("7", "members_admitted")]),
    ("Nghị quyết đề ra kết nạp 60 đảng viên; đã kết nạp 47, đạt 78,3%",
     [("60", "members_admitted"), ("47", "members_admitted"),
      ("78,3", "members_admitted_target_completion")]),
    ("Kết nạp đảng viên: 11 tháng được 187 người (nghị quyết 170), đạt 110%",
     [("187", "members_admitted"), ("170", "members_admitted"),
      ("110", "members_admitted_target_completion")]),
    ("Xếp loại đảng viên: xuất sắc 41, tốt 214, hoàn thành 33",
     [("41", "members_rated_excellent"), ("214", "members_rated_good"),
      ("33", "members_rated_completed")]),
    ("Gần 2/3 đảng viên mới là nữ", [("2/3", "members_admitted_female")]),
    ("Chi ủy gồm ba người, mỗi người nhận 9 đến 10 hộ", [("ba", ""), ("9 đến 10", "")]),
    ("Chi bộ mở 5 lớp cho 31 quần chúng", [("5", ""), ("31", "")]),
    ("Chi bộ vận động dân làm 27 km đường; hộ nghèo giảm từ 61% còn 38,5%", []),
    ("Chi bộ họp sáng 16/7 với Đoàn 959, dài 4 giờ", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ELLIPTIC)
def test_a_number_that_leaves_out_its_noun_is_returned(text, expected):
    assert measures(text) == expected


def row(text: str, **keys) -> pd.Series:
    return extract.propose(text, **keys).iloc[0]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Năm 2022 kết nạp 15 đảng viên", "actual"),
        ("Phấn đấu năm 2022 kết nạp 15 đảng viên", "target"),
        ("Nhiệm kỳ 2025 - 2030: kết nạp 15 đảng viên", "target"),
        ("chỉ tiêu kết nạp 15 đảng viên", "target"),
        ("cấp ủy viên dự sinh hoạt chi bộ 6 lần/năm", "rule"),
        ("đảng viên xuất sắc không quá 20% số đảng viên hoàn thành tốt nhiệm vụ", "rule"),
    ],
)
def test_what_was_done_is_told_from_plan_and_rule(text, status):
    assert row(text, published="2022-06-30")["status"] == status


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Năm 2021, xã kết nạp 8 đảng viên", "2021-01-01", "2021-12-31"),
        ("Xã kết nạp 8 đảng viên trong năm 2021", "2021-01-01", "2021-12-31"),
        ("Đến hết năm 2020, xã có 80 đảng viên", "2020-12-31", "2020-12-31"),
        ("Tính đến 30/6/2021, xã có 80 đảng viên", "2021-06-30", "2021-06-30"),
        ("6 tháng đầu năm, xã kết nạp 8 đảng viên", "2022-01-01", "2022-06-30"),
        ("Năm ngoái, xã kết nạp 8 đảng viên", "2021-01-01", "2021-12-31"),
        ("Hiện nay, xã có 80 đảng viên", "2022-08-10", "2022-08-10"),
        ("Quý II/2022, xã kết nạp 8 đảng viên", "2022-04-01", "2022-06-30"),
    ],
)
def test_a_number_has_its_period(text, start, end):
    found = row(text, published="2022-08-10")
    assert (found["period_start"], found["period_end"]) == (start, end)


def test_last_year_stays_beside_this_year():
    text = "Năm 2021, huyện kết nạp 150 đảng viên; năm 2020 kết nạp 140 đảng viên."
    assert extract.propose(text)["period_end"].tolist() == ["2021-12-31", "2020-12-31"]


def test_a_commune_takes_over_until_the_district_speaks_again():
    text = "Xã Nà Lốc có 12 chi bộ. Đảng bộ xã có 200 đảng viên. Toàn huyện có 4.906 đảng viên."
    found = extract.propose(text, locality="huyện Mường Then")
    assert found["place"].tolist() == ["xã Nà Lốc", "xã Nà Lốc", "huyện Mường Then"]
    assert found["level"].tolist() == ["commune", "commune", "district"]


def test_the_scheme_follows_tier_words_and_year():
    old = row("Năm 2014, 43 chi bộ đạt trong sạch vững mạnh")
    new = row("Năm 2022, 43 chi bộ hoàn thành xuất sắc nhiệm vụ")
    latest = row("Năm 2024, 43 chi bộ hoàn thành xuất sắc nhiệm vụ")
    assert [old["scheme_id"], new["scheme_id"], latest["scheme_id"]] == [
        "to-2017", "2018-2023", "2023-2025",
    ]  # fmt: skip


def test_an_analyst_adds_a_measure_without_code():
    terms = codebook.load("terms")
    new = {"kind": "aspect", "id": "young", "family": "group", "population": "members",
           "measure": "", "pattern": "tuổi hai mươi"}  # fmt: skip
    more = pd.concat([terms, pd.DataFrame([new])], ignore_index=True)
    assert measures("có 12 đảng viên tuổi hai mươi", terms=more) == [("12", "members_young")]


def test_a_pattern_that_cannot_be_used_names_its_row():
    bad = pd.DataFrame([{"kind": "noun", "id": "cells", "pattern": "chi (bộ"}])
    with pytest.raises(lexicon.TermsInvalid, match="noun cells"):
        extract.propose("12 chi bộ", terms=bad)


ODD = {
    "empty": "", "blank": " \n\t ", "digits": "1" * 100_000, "numbers": "1 2 3 " * 10_000,
    "control": "\x00\x07\x1b12 chi bộ\x00" * 100, "brackets": "(" * 50_000 + "12 chi bộ",
    "half a file": "Đảng bộ huyện có 43 tổ chức cơ sở Đả", "capital": "İ" * 1000 + " 12 chi bộ",
    "other language": "The committee has 12 cells and 300 members. " * 500,
    "one line": "Toàn huyện có 43 chi bộ với 200 đảng viên, " * 2_000,
    "surrogate": "\ud800 5 chi bộ",
    "not composed": "12 chi bộ" + "\u0301" * 1000,
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_any_text_gives_a_frame(name):
    assert list(extract.propose(ODD[name])) == extract.COLUMNS
    extract.propose_themes(ODD[name])
    extract.find_citations(ODD[name])


def test_spans_are_those_of_the_text():
    for document in corpus.read_all():
        found = extract.propose(document.text)
        for c in found.itertuples():
            assert document.text[c.char_start : c.char_end] == c.number_text
            assert c.number_text in c.quote
        assert not found.duplicated(["char_start", "char_end"]).any()


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_annotated_articles_use_ids_of_the_codebook(path):
    text, _, gold = scoring.annotated(path.read_text("utf-8"))
    known = set(codebook.load("measures")["measure_id"]) | {""}
    assert set(gold["measure_id"]) <= known
    for fact in gold.itertuples():
        assert text[fact.char_start :].startswith(fact.number_text)


THEMES = [
    ("Công tác kiểm tra, giám sát được tăng cường.", ("inspection", "stated", "done")),
    ("Công tác kiểm tra, giám sát chưa được thường xuyên.",
     ("lim_irregular_inspection", "stated", "done")),
    ("Thời gian tới, tăng cường công tác kiểm tra, giám sát.", ("inspection", "stated", "planned")),
    ("Tự phê bình và phê bình còn nể nang, né tránh.", ("lim_weak_criticism", "stated", "done")),
    ("Sinh hoạt chi bộ không còn hình thức.", ("lim_formalism", "denied", "done")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), THEMES)
def test_a_theme_knows_weakness_negation_and_plan(text, expected):
    found = extract.propose_themes(text)[["theme_id", "stance", "status"]]
    assert expected in list(found.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chỉ thị số 10 - CT/TW, ngày 30/3/2007 của Ban Bí thư Trung ương về",
         ("Chỉ thị", "10", "CT/TW", "2007-03-30", "Ban Bí thư Trung ương")),
        ("Quy định 132-QĐ/TW ngày 8/3/2018", ("Quy định", "132", "QĐ/TW", "2018-03-08", "")),
        ("Nghị quyết Trung ương 4 (khoá XI)", ("Nghị quyết", "4", "", "", "Trung ương (khóa XI)")),
        ("Nghị quyết số 1673/NQ-UBTVQH15.", ("Nghị quyết", "1673", "NQ-UBTVQH15", "", "")),
    ],
)  # fmt: skip
def test_a_cited_rule_is_taken_apart(text, expected):
    found = extract.find_citations(text)
    columns = ["kind", "number", "symbol", "issued_on", "issuer"]
    assert list(found[columns].itertuples(index=False, name=None)) == [expected]
