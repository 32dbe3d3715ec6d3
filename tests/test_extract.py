"""Real phrasings and what is proposed for them; other texts and an analyst's own terms."""

from pathlib import Path

import pandas as pd
import pytest

from helpers import codebook, corpus
from party_cells import proposer
from party_cells.proposer import lexicon, scoring

ARTICLES = sorted(Path(__file__).parent.glob("articles/**/*.txt"))


def measures(text: str, **keys) -> list[tuple[str, str]]:
    found = proposer.propose(text, **keys)
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
    ("Huyện có: 12 chi bộ\n- 15 đảng viên", [("12", "cells"), ("15", "members")]),
    ("Đảng bộ huyện\n0\n-1", []),
    ("Bà Lan chia sẻ: Chi bộ có 32 đảng viên", [("32", "members")]),
    ("Chia sẻ | In bài | 32 đảng viên", []),
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


DISCOURSE = [
    # a question or heading tells what the numbers after it are about
    ("PV: Công tác kết nạp đảng viên năm nay thế nào?\nÔng Lê Văn B: Được 17 đồng chí, năm "
     "ngoái 21.",
     [("17", "members_admitted"), ("21", "members_admitted")]),
    ("- Việc kết nạp thì sao?\n- Chưa nhiều. Mới 6 người, trong khi chỉ tiêu là 15.",
     [("6", "members_admitted"), ("15", "members_admitted")]),
    ("Hiện đảng bộ có mấy chi bộ?\n- 14, trong đó 9 chi bộ thôn.",
     [("14", "cells"), ("9", "cells_in_villages")]),
    ("Tỷ lệ đảng viên dự sinh hoạt ra sao?\n- Trước đây chỉ 70%, nay thường xuyên trên 92%.",
     [("70", "attendance_rate"), ("92", "attendance_rate")]),
    ("Còn xếp loại đảng viên?\n- HTXSNV 12%, HTTNV 81,5%, HTNV 6,5%.",
     [("12", "members_rated_excellent"), ("81,5", "members_rated_good"),
      ("6,5", "members_rated_completed")]),
    ("Bao nhiêu đảng viên bị kỷ luật, thưa bà?\n- Cả nhiệm kỳ là 9 người.",
     [("9", "members_disciplined")]),
    ("Thôn nào cũng có chi bộ riêng chứ?\n- 11/12, còn một thôn ghép.",
     [("11", "villages_with_own_cell"), ("12", "villages"), ("một", "")]),
    ("Số đảng viên mới năm 2022 của phường?\n- 13, bằng 130% chỉ tiêu.",
     [("13", "members_admitted"), ("130", "members_admitted_target_completion")]),
    ("Tổ chức đảng được kiểm tra trong năm?\n- 8.",
     [("8", "organisations_inspected")]),
    ("Việc kết nạp đảng viên thì sao? - Mới 4 người, thấp hơn chỉ tiêu 7 người.",
     [("4", "members_admitted"), ("7", "members_admitted")]),
    ("Phóng viên: Xin bà cho biết tình hình phát triển Đảng của xã?\nBà Hoa: Khó lắm. Hai năm "
     "nay chỉ được 5 người, riêng năm nay 2.",
     [("5", "members_admitted"), ("2", "members_admitted")]),
    ("Thế còn kỷ luật?\n- Năm qua chúng tôi xử lý 6 đảng viên: khiển trách 4, cảnh cáo 2. Năm "
     "trước nữa có 9.",
     [("6", "members_disciplined"), ("4", "members_reprimanded"), ("2", "members_warned"),
      ("9", "members_disciplined")]),
    ("Đảng viên là người dân tộc thiểu số có nhiều không, thưa chị?\n- 214 đồng chí, gần 60%.",
     [("214", "members_ethnic"), ("60", "members_ethnic")]),
    ("Chỉ tiêu kết nạp năm nay thế nào?\n- Huyện giao 12 đồng chí. Đến giờ đã được 8, đạt 66,7%.",
     [("12", "members_admitted"), ("8", "members_admitted"),
      ("66,7", "members_admitted_target_completion")]),
    ("* Công tác phát triển đảng viên ở địa bàn tôn giáo thì sao, thưa đồng chí?\n- Năm 2020 "
     "chúng tôi kết nạp 5 đồng chí có đạo, năm 2021 thêm 7 đồng chí. Cộng cả nhiệm kỳ là 19.",
     [("5", "members_admitted_religious"), ("7", "members_admitted_religious"),
      ("19", "members_admitted_religious")]),
    ("Công tác phát triển đảng viên\nNăm 2021: 32 đồng chí. Năm 2022: 41 đồng chí.",
     [("32", "members_admitted"), ("41", "members_admitted")]),
    ("1. Kết nạp đảng viên\n- Năm 2019: 12\n- Năm 2020: 15\n- Năm 2021: 11",
     [("12", "members_admitted"), ("15", "members_admitted"), ("11", "members_admitted")]),
    ("Xếp loại chi bộ năm 2020:\n- Hoàn thành xuất sắc nhiệm vụ: 10\n- Hoàn thành tốt nhiệm "
     "vụ: 38\n- Hoàn thành nhiệm vụ: 4",
     [("10", "cells_rated_excellent"), ("38", "cells_rated_good"),
      ("4", "cells_rated_completed")]),
    ("II. Thi hành kỷ luật đảng viên\n- Khiển trách: 7\n- Cảnh cáo: 3\n- Khai trừ: 1",
     [("7", "members_reprimanded"), ("3", "members_warned"), ("1", "members_expelled")]),
    ("Tỷ lệ dự sinh hoạt chi bộ:\n- Quý I: 81%\n- Quý II: 85,5%",
     [("81", "attendance_rate"), ("85,5", "attendance_rate")]),
    ("Công tác kết nạp đảng cũng có chuyển biến. Cả năm được 45 đồng chí, bằng 90% kế hoạch.",
     [("45", "members_admitted"), ("90", "members_admitted_target_completion")]),
    ("Kết quả xếp loại đảng viên:\n- Hoàn thành xuất sắc nhiệm vụ: 44 đồng chí, chiếm "
     "14,2%.\n- Hoàn thành tốt nhiệm vụ: 250 đồng chí, chiếm 80,6%.\n- Hoàn thành nhiệm vụ: "
     "16 đồng chí.",
     [("44", "members_rated_excellent"), ("14,2", "members_rated_excellent"),
      ("250", "members_rated_good"), ("80,6", "members_rated_good"),
      ("16", "members_rated_completed")]),
    ("Một số kết quả nổi bật của Đảng bộ xã:\n- Tổ chức: 15 chi bộ trực thuộc.\n- Đảng viên: "
     "322 đồng chí.\n- Kết nạp mới: 9 đồng chí.",
     [("15", "cells"), ("322", "members"), ("9", "members_admitted")]),
    # a new population takes over
    ("Xã có 210 đảng viên. 12 tổ chức: 2 HTXSNV, 9 HTTNV, 1 HTNV.",
     [("210", "members"), ("12", "organisations_assessed"),
      ("2", "organisations_rated_excellent"), ("9", "organisations_rated_good"),
      ("1", "organisations_rated_completed")]),
    ("Có 350 đảng viên. Xếp loại 20 chi bộ: 4 xuất sắc, 14 tốt, 2 hoàn thành.",
     [("350", "members"), ("20", "cells_assessed"), ("4", "cells_rated_excellent"),
      ("14", "cells_rated_good"), ("2", "cells_rated_completed")]),
    ("Kết quả 48 chi bộ: xuất sắc 9, tốt 35, hoàn thành 4. Với đảng viên, 15% xuất sắc, 80% tốt.",
     [("48", "cells_assessed"), ("9", "cells_rated_excellent"), ("35", "cells_rated_good"),
      ("4", "cells_rated_completed"), ("15", "members_rated_excellent"),
      ("80", "members_rated_good")]),
    ("Huyện có 3.100 đảng viên. Về tổ chức: xuất sắc 5, tốt 30, hoàn thành 6.",
     [("3.100", "members"), ("5", "organisations_rated_excellent"),
      ("30", "organisations_rated_good"), ("6", "organisations_rated_completed")]),
    ("Kỷ luật 14 đảng viên. 2 tổ chức đảng cũng bị khiển trách.",
     [("14", "members_disciplined"), ("2", "organisations_disciplined")]),
    ("3 chi bộ bị cảnh cáo, 11 đảng viên bị khiển trách.",
     [("3", "organisations_disciplined"), ("11", "members_reprimanded")]),
    ("Toàn huyện có 45 TCCSĐ, trong đó 10 đơn vị xếp loại xuất sắc, 31 tốt, 4 hoàn thành.",
     [("45", "organisations_assessed"), ("10", "organisations_rated_excellent"),
      ("31", "organisations_rated_good"), ("4", "organisations_rated_completed")]),
    ("Thi hành kỷ luật 2 tổ chức đảng và 17 đảng viên, gồm 10 khiển trách, 5 cảnh cáo, 2 khai trừ.",
     [("2", "organisations_disciplined"), ("17", "members_disciplined"),
      ("10", "members_reprimanded"), ("5", "members_warned"), ("2", "members_expelled")]),
    ("Toàn xã có 412 đảng viên sinh hoạt ở 19 chi bộ. Cuối năm, 19 chi bộ được xếp loại: 4 "
     "HTXSNV, 13 HTTNV, 2 HTNV; 380 đảng viên dự xếp loại: 50 HTXSNV, 310 HTTNV, 20 HTNV.",
     [("412", "members"), ("19", "cells"), ("19", "cells_assessed"),
      ("4", "cells_rated_excellent"), ("13", "cells_rated_good"), ("2", "cells_rated_completed"),
      ("380", "members_assessed"), ("50", "members_rated_excellent"),
      ("310", "members_rated_good"), ("20", "members_rated_completed")]),
    ("Về chi bộ: 20% hoàn thành xuất sắc, 75% hoàn thành tốt. Về đảng viên: 15% hoàn thành "
     "xuất sắc, 82% hoàn thành tốt.",
     [("20", "cells_rated_excellent"), ("75", "cells_rated_good"),
      ("15", "members_rated_excellent"), ("82", "members_rated_good")]),
    ("Kỷ luật 1 chi bộ bằng hình thức khiển trách và 5 đảng viên: 3 khiển trách, 2 cảnh cáo.",
     [("1", "organisations_disciplined"), ("5", "members_disciplined"),
      ("3", "members_reprimanded"), ("2", "members_warned")]),
    # the same number of another time
    ("Kỷ luật 30 đảng viên, giảm 4 so với cùng kỳ (34 đảng viên).",
     [("30", "members_disciplined"), ("4", "members_disciplined_change"),
      ("34", "members_disciplined")]),
    ("6 tháng đầu năm kết nạp 52 đảng viên; cùng kỳ năm trước 47 đảng viên.",
     [("52", "members_admitted"), ("47", "members_admitted")]),
    ("Quý I kết nạp 12 đảng viên (cùng kỳ 9).",
     [("12", "members_admitted"), ("9", "members_admitted")]),
    ("Kỷ luật 8 đảng viên, trong khi cùng kỳ không có trường hợp nào.",
     [("8", "members_disciplined"), ("không", "members_disciplined")]),
    ("Đã kiểm tra 21 tổ chức đảng, cùng kỳ năm ngoái là 18 tổ chức.",
     [("21", "organisations_inspected"), ("18", "organisations_inspected")]),
    ("Năm 2022 khai trừ 3 đảng viên, năm 2021 là 5 đảng viên.",
     [("3", "members_expelled"), ("5", "members_expelled")]),
    ("Tỷ lệ dự sinh hoạt đạt 91%, cùng kỳ 87%.",
     [("91", "attendance_rate"), ("87", "attendance_rate")]),
    ("Có 41 chi bộ hoàn thành xuất sắc nhiệm vụ (năm 2019: 36 chi bộ).",
     [("41", "cells_rated_excellent"), ("36", "cells_rated_excellent")]),
    ("Khiển trách 6 đảng viên; năm trước là 10; cảnh cáo 2, năm trước 4.",
     [("6", "members_reprimanded"), ("10", "members_reprimanded"), ("2", "members_warned"),
      ("4", "members_warned")]),
    ("Năm 2015 kết nạp 240 đảng viên; năm 2016 còn 207; đến năm 2017 chỉ được 165 đồng chí.",
     [("240", "members_admitted"), ("207", "members_admitted"), ("165", "members_admitted")]),
    ("Kiểm tra 96 tổ chức đảng và 214 đảng viên; năm 2016 là 121 tổ chức, 248 đảng viên.",
     [("96", "organisations_inspected"), ("214", "members_inspected"),
      ("121", "organisations_inspected"), ("248", "members_inspected")]),
    ("Kết nạp 15 đảng viên, hiện xã có 340 đảng viên.",
     [("15", "members_admitted"), ("340", "members")]),
    ("Đảng bộ có 64 đảng viên nhưng năm vừa qua chỉ kết nạp 1 người.",
     [("64", "members"), ("1", "members_admitted")]),
    ("Số chi bộ xóm giảm từ 284 xuống 196.",
     [("284", "cells_in_villages"), ("196", "cells_in_villages")]),
    # one verb or tier for two nouns; the verb right before a number
    ("Hoàn thành tốt nhiệm vụ: 26 tổ chức cơ sở đảng, 101 chi bộ.",
     [("26", "organisations_rated_good"), ("101", "cells_rated_good")]),
    ("Kỷ luật 6 đảng viên bằng hình thức khiển trách 4, cảnh cáo 2.",
     [("6", "members_disciplined"), ("4", "members_reprimanded"), ("2", "members_warned")]),
    ("Khiển trách 4 đảng viên sinh con thứ ba; cách chức 1 đảng ủy viên.",
     [("4", "members_reprimanded"), ("1", "members_dismissed")]),
    ("Xã có 30 chi bộ. 86,4% hoàn thành tốt nhiệm vụ trở lên, tức 38/44 chi bộ.",
     [("30", "cells"), ("86,4", "cells_rated_good_or_better"),
      ("38", "cells_rated_good_or_better"), ("44", "cells_assessed")]),
    ("Kết nạp 188 đảng viên, vượt 4,4% chỉ tiêu tỉnh giao (180 đảng viên).",
     [("188", "members_admitted"), ("4,4", "members_admitted_target_completion"),
      ("180", "members_admitted")]),
    # groups of those admitted, or of all
    ("Cả năm kết nạp 35 đảng viên. Người Thái 12, nữ 18, có đạo 3.",
     [("35", "members_admitted"), ("12", "members_admitted_ethnic"),
      ("18", "members_admitted_female"), ("3", "members_admitted_religious")]),
    ("Kết nạp 74 đồng chí. Đảng viên người Dao hiện có 530 đồng chí.",
     [("74", "members_admitted"), ("530", "members_ethnic")]),
    ("Kết nạp đảng viên?\n- 13 người. Nữ một nửa, người có đạo 2.",
     [("13", "members_admitted"), ("một nửa", "members_admitted_female"),
      ("2", "members_admitted_religious")]),
    ("Toàn xã có 300 đảng viên. Người Tày 120, nữ 90.",
     [("300", "members"), ("120", "members_ethnic"), ("90", "members_female")]),
    ("Kết nạp 40 đảng viên, hơn nửa là nữ.",
     [("40", "members_admitted"), ("hơn nửa", "members_admitted_female")]),
    ("Trong năm, Đảng bộ tỉnh kết nạp 1.120 đảng viên; trong đó có 540 nữ (48,2%), 310 người "
     "dân tộc thiểu số và 25 người có đạo.",
     [("1.120", "members_admitted"), ("540", "members_admitted_female"),
      ("48,2", "members_admitted_female"), ("310", "members_admitted_ethnic"),
      ("25", "members_admitted_religious")]),
    # a label and a verb of being
    ("Đảng viên thì 540, chi bộ thì 21.",
     [("540", "members"), ("21", "cells")]),
    ("Ấp thì 12, chi bộ ấp cũng 12; đảng viên 280.",
     [("12", "villages"), ("12", "cells_in_villages"), ("280", "members")]),
    ("Số thôn: 17; số chi bộ: 20; số đảng viên: 455.",
     [("17", "villages"), ("20", "cells"), ("455", "members")]),
    ("Chi bộ thôn vẫn 9, chi bộ cơ quan còn 4.",
     [("9", "cells_in_villages"), ("4", "cells_in_agencies")]),
    ("Đảng viên trẻ thì 45, đảng viên nữ thì 130.",
     [("45", "members_young"), ("130", "members_female")]),
    ("Chi bộ quân sự 1, chi bộ công an 1, chi bộ trường học 3, còn lại 10 chi bộ ấp.",
     [("1", "cells_in_agencies"), ("1", "cells_in_agencies"), ("3", "cells_in_agencies"),
      ("10", "cells_in_villages")]),
    ("Xã có 9 thôn. Chi bộ thôn thì 9, chi bộ nhà trường 3, chi bộ trạm y tế 1.",
     [("9", "villages"), ("9", "cells_in_villages"), ("3", "cells_in_agencies"),
      ("1", "cells_in_agencies")]),
    ("Chỉ tiêu kết nạp của phường là 20, kết quả được 23, đạt 115%.",
     [("20", "members_admitted"), ("23", "members_admitted"),
      ("115", "members_admitted_target_completion")]),
    # all of these together
    ("Hỏi: Năm nay huyện kết nạp được bao nhiêu đảng viên?\nĐáp: 96 đồng chí, trong đó 41 nữ, "
     "60 người dân tộc thiểu số.",
     [("96", "members_admitted"), ("41", "members_admitted_female"),
      ("60", "members_admitted_ethnic")]),
    ("- Chi bộ nào yếu không anh?\n- Không. 17 chi bộ thì 3 xuất sắc, 14 tốt.",
     [("17", "cells_assessed"), ("3", "cells_rated_excellent"), ("14", "cells_rated_good")]),
    ("Thi hành kỷ luật đảng viên:\n- Năm 2021: 12 (khiển trách 8, cảnh cáo 3, khai trừ 1)\n- "
     "Năm 2022: 9 (khiển trách 7, cảnh cáo 2)",
     [("12", "members_disciplined"), ("8", "members_reprimanded"), ("3", "members_warned"),
      ("1", "members_expelled"), ("9", "members_disciplined"), ("7", "members_reprimanded"),
      ("2", "members_warned")]),
    ("Toàn đảng bộ có 1.560 đảng viên, tăng 210 đồng chí so với đầu nhiệm kỳ; nữ 520, chiếm 33,3%.",
     [("1.560", "members"), ("210", "members_change"), ("520", "members_female"),
      ("33,3", "members_female")]),
    ("Hiện 100% thôn có chi bộ; 85% chi bộ có chi ủy.",
     [("100", "villages_with_own_cell"), ("85", "cells_with_committee")]),
    ("Đến nay đã kết nạp được 45/60 đảng viên theo nghị quyết, đạt 75%.",
     [("45", "members_admitted"), ("60", "members_admitted"),
      ("75", "members_admitted_target_completion")]),
    ("Năm 2022 có 92,3% đảng viên hoàn thành tốt nhiệm vụ trở lên (chỉ tiêu 90%).",
     [("92,3", "members_rated_good_or_better"), ("90", "members_rated_good_or_better")]),
    ("Công nhận 33 đảng viên chính thức, chuyển sinh hoạt đi 21 và tiếp nhận 15 đảng viên.",
     [("33", "members_made_official"), ("21", "members_transferred_out"),
      ("15", "members_transferred_in")]),
    ("Còn đảng viên được miễn sinh hoạt thì sao?\nBà Lan: Toàn phường 120 bác, chiếm gần 15%.",
     [("120", "members_exempted"), ("15", "members_exempted")]),
    ("Nơi kết nạp nhiều nhất là xã Tân Lập (14), tiếp đến xã Hòa An (11), thị trấn (9).",
     [("14", "members_admitted"), ("11", "members_admitted"), ("9", "members_admitted")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DISCOURSE)
def test_a_number_takes_its_meaning_from_what_was_said_before(text, expected):
    assert measures(text, published="2023-08-20", locality="xã An Hòa") == expected


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("Tỷ lệ đảng viên dự sinh hoạt không buổi nào dưới 90%", "at_least"),
        ("Tỷ lệ đảng viên dự sinh hoạt chưa kỳ nào thấp hơn 85%", "at_least"),
        ("Chi bộ không để quá 5% đảng viên vắng họp", "at_most"),
    ],
)
def test_a_negation_turns_a_bound_round(text, bound):
    assert row(text)["bound"] == bound


def row(text: str, **keys) -> pd.Series:
    return proposer.propose(text, **keys).iloc[0]


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


def test_a_year_just_begun_is_planned():
    told = "Năm 2022 xã kết nạp 15 đảng viên"
    assert row(told, published="2022-02-10")["status"] == "target"
    assert row(f"{told}, đến nay", published="2022-02-10")["status"] == "actual"


def test_what_begins_after_publication_is_planned():
    told = "Đợt 7/11 tới, phường trao Huy hiệu Đảng cho 52 đảng viên"
    assert row(told, published="2022-10-10")["status"] == "target"


def test_a_question_tells_that_its_answer_is_a_plan():
    asked = "Mục tiêu năm 2014 là gì?\nKết nạp 200 đảng viên. Hiện có 31 chi bộ."
    assert proposer.propose(asked)["status"].tolist() == ["target", "actual"]


def test_what_stands_under_a_heading_of_plans_is_planned():
    told = "4. Nhiệm vụ 6 tháng cuối năm\nKết nạp 20 đảng viên.\nKết quả\nKết nạp 9 đảng viên."
    assert proposer.propose(told)["status"].tolist()[-2:] == ["target", "actual"]


def test_a_rule_ends_with_its_sentence():
    told = "Hướng dẫn yêu cầu đạt tối thiểu 85% dự họp chi bộ. Tỷ lệ dự họp là 70%."
    assert proposer.propose(told)["status"].tolist()[-1] == "actual"


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
    assert proposer.propose(text)["period_end"].tolist() == ["2021-12-31", "2020-12-31"]


def test_a_commune_takes_over_until_the_district_speaks_again():
    text = "Xã Nà Lốc có 12 chi bộ. Đảng bộ xã có 200 đảng viên. Toàn huyện có 4.906 đảng viên."
    found = proposer.propose(text, locality="huyện Mường Then")
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
    none = dict.fromkeys(("family", "population", "measure"), "")
    bad = pd.DataFrame([{"kind": "noun", "id": "cells", "pattern": "chi (bộ", **none}])
    with pytest.raises(lexicon.TermsInvalid, match="noun cells"):
        proposer.propose("12 chi bộ", terms=bad)


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
    assert list(proposer.propose(ODD[name])) == proposer.COLUMNS
    proposer.propose_themes(ODD[name])
    proposer.find_citations(ODD[name])


def test_a_sentence_cut_in_a_number_quotes_all_of_it():
    text = "chi bộ " + "x " * 742 + "có 10 - 15 chi bộ " + "y " * 200
    for c in proposer.propose(text).itertuples():
        assert c.number_text in c.quote


def test_spans_are_those_of_the_text():
    for document in corpus.read_all():
        found = proposer.propose(document.text)
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
    found = proposer.propose_themes(text)[["theme_id", "stance", "status"]]
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
    found = proposer.find_citations(text)
    columns = ["kind", "number", "symbol", "issued_on", "issuer"]
    assert list(found[columns].itertuples(index=False, name=None)) == [expected]
