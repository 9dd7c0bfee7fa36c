"""docs/pages.md: each page by its Vietnamese title, with its four pictures."""

from collections.abc import Mapping
from pathlib import Path

from tests.pictures.camera import DESK, PHONE

PORTALS = {"staff": "Nhân viên bệnh viện", "patient": "Người bệnh", "console": "Quản trị nền tảng"}
# Pages that are named for whom or what they show, or that share a title.
_NAMED = {
    "staff-today": "Hôm nay",
    "staff-day": "Một ngày khác",
    "staff-day-list": "Danh sách một ngày, để in",
    "staff-calendar": "Lịch, theo ngày",
    "staff-calendar-week": "Lịch, theo tuần",
    "staff-patient": "Hồ sơ bệnh nhân",
    "staff-patient-factor": "Gỡ xác thực hai lớp của bệnh nhân",
    "staff-import-columns": "Nhập bệnh nhân: các cột",
    "staff-import-rows": "Nhập bệnh nhân: các dòng",
    "staff-import-done": "Nhập bệnh nhân: đã xong",
    "staff-book-for": "Đặt lịch hẹn: cho ai",
    "staff-queue-line": "Hàng chờ của một khoa",
    "staff-queue-take-for": "Lấy số: cho ai",
    "staff-queue-ticket": "Phiếu số",
    "staff-queue-wall": "Màn hình phòng chờ",
    "staff-schedule": "Lịch làm việc của một bác sĩ",
    "staff-filter": "Một bộ lọc đã lưu",
    "staff-member": "Một nhân viên",
    "staff-member-edit": "Sửa thông tin nhân viên",
    "staff-member-factor": "Gỡ xác thực hai lớp của nhân viên",
    "staff-role": "Một vai trò",
    "staff-department": "Một khoa",
    "staff-audit-nothing": "Nhật ký truy cập: không có gì",
    "staff-audit-patient": "Nhật ký truy cập: của bệnh nhân nào",
    "staff-unusual-none": "Truy cập bất thường: không có gì",
    "staff-unusual-one": "Một truy cập bất thường",
    "staff-unusual-rows": "Các dòng nhật ký của một truy cập bất thường",
    "patient-book-hospital": "Đặt lịch: ở bệnh viện nào",
    "patient-book-department": "Đặt lịch: khoa nào",
    "patient-book-doctor": "Đặt lịch: bác sĩ nào",
    "patient-book-day": "Đặt lịch: ngày nào",
    "patient-book-time": "Đặt lịch: mấy giờ",
    "patient-book-check": "Đặt lịch: xem lại",
    "console-hospitals-none": "Bệnh viện: không tìm thấy",
    "console-hospital": "Một bệnh viện",
    "console-change": "Sửa một bệnh viện",
    "console-suspend": "Tạm ngưng một bệnh viện",
    "console-invite": "Lời mời mới cho một bệnh viện",
    "console-operation": "Các bước tạo một bệnh viện",
    "console-sync-hospital": "Đồng bộ của một bệnh viện",
    "console-administrator-factor": "Gỡ xác thực hai lớp của quản trị viên",
}
_HEAD = """\
# Các trang · Pages

Mỗi trang của ba cổng, trên điện thoại và màn hình rộng, tiếng Việt và tiếng Anh, với dữ liệu của hai bệnh viện minh
họa: mọi tên và số đều là bịa ra. · Each page of the three portals, on a phone and a desk's screen, in both languages,
with the demo's data: all names and numbers are invented.

Trang này và các ảnh do `python -m tests.pictures` tạo ra ([cách làm](README.md#pictures--ảnh)); đừng sửa tay. · Made by
that command: do not edit by hand.
"""


def write_index(titles: Mapping[str, Mapping[str, str]], file: Path) -> None:
    """`titles`: portal → name → Vietnamese title, in the order of the walk."""
    parts = [_HEAD]
    for portal, pages in titles.items():
        parts.append(f"\n## {PORTALS[portal]}\n")
        parts.append("| Trang | Điện thoại | Màn hình rộng | Phone | Desk |\n|---|---|---|---|---|\n")
        for name, title in pages.items():
            stem = f"{portal}-{name}"
            cells = [
                _thumbnail(f"pictures/pages/{stem}-{language}-{size[0]}.webp", width, shown)
                for language in ("vi", "en")
                for size, width in ((PHONE, 90), (DESK, 260))
                for shown in (_NAMED.get(stem, title),)
            ]
            parts.append(f"| {_NAMED.get(stem, title)} | {' | '.join(cells)} |\n")
    file.write_text("".join(parts), encoding="utf-8")


def _thumbnail(picture: str, width: int, title: str) -> str:
    return f'[<img src="{picture}" alt="{title}" width="{width}" loading="lazy">]({picture})'
