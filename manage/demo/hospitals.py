"""The two hospitals of the demo: who works there, in which departments, and what people come with. All invented."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from manage.demo.people import Gender, Person

FERTILE: Final = range(18, 46)


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoDepartment:
    """A department, what patients say when they come to it, and who they are: of an age in years, and of a gender."""

    code: str
    name: str
    reasons: tuple[str, ...]
    ages: range = range(16, 120)
    gender: Gender | None = None

    def sees(self, somebody: Person, *, today: date) -> bool:
        """Whether this person would come here."""
        return somebody.age(today) in self.ages and self.gender in {None, somebody.gender}


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoStaff:
    """Somebody who works there; `department` is a code."""

    username: str
    full_name: str
    role: str
    department: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoHospital:
    """A hospital. `province` is where most of its patients were registered at birth."""

    code: str
    name: str
    display_name: str
    province: str
    address: str
    phone: str
    license_number: str
    tax_code: str
    departments: tuple[DemoDepartment, ...]
    staff: tuple[DemoStaff, ...]
    patients: int


_GENERAL: Final = DemoDepartment(
    code="KB",
    name="Khoa Khám bệnh",
    reasons=(
        "Đau đầu, chóng mặt từ hai hôm nay",
        "Mệt mỏi, ăn kém",
        "Khám sức khỏe để đi làm",
        "Đau lưng sau khi bê vật nặng",
        "Ho khan kéo dài hai tuần",
    ),
)
_INTERNAL: Final = DemoDepartment(
    code="NOI",
    name="Khoa Nội tổng hợp",
    reasons=(
        "Tái khám tăng huyết áp",
        "Tái khám đái tháo đường, hết thuốc",
        "Đau thượng vị sau ăn",
        "Khó thở khi leo cầu thang",
        "Kiểm tra mỡ máu",
        "Phù hai chân về chiều",
    ),
)
_CHILDREN: Final = DemoDepartment(
    code="NHI",
    name="Khoa Nhi",
    reasons=("Sốt ba ngày, ho nhiều", "Tiêu chảy từ đêm qua", "Nổi mẩn đỏ toàn thân", "Biếng ăn, chậm tăng cân"),
    ages=range(16),
)
_WOMEN: Final = DemoDepartment(
    code="SAN",
    name="Khoa Phụ sản",
    reasons=("Khám thai 24 tuần", "Khám thai 32 tuần", "Đau bụng kinh", "Khám phụ khoa định kỳ"),
    ages=FERTILE,
    gender="female",
)
_EAR_NOSE_THROAT: Final = DemoDepartment(
    code="TMH",
    name="Khoa Tai Mũi Họng",
    reasons=("Viêm họng, nuốt đau", "Ù tai trái", "Ngạt mũi kéo dài", "Tái khám viêm xoang"),
)
_TEETH: Final = DemoDepartment(
    code="RHM",
    name="Khoa Răng Hàm Mặt",
    reasons=("Đau răng hàm dưới", "Lấy cao răng", "Tái khám sau nhổ răng khôn"),
)

HONG_HA: Final = DemoHospital(
    code="hong-ha",
    name="Bệnh viện Đa khoa Hồng Hà",
    display_name="BV Hồng Hà",
    province="001",
    address="128 phố Bạch Mai, phường Bạch Mai, thành phố Hà Nội",
    phone="02438001234",
    license_number="0128/HNO-GPHĐ",
    tax_code="0100001234",
    departments=(_GENERAL, _INTERNAL, _CHILDREN, _WOMEN, _EAR_NOSE_THROAT),
    staff=(
        DemoStaff(username="letan", full_name="Phạm Thị Thu Hà", role="receptionist", department="KB"),
        DemoStaff(username="dieuduong", full_name="Nguyễn Thị Mai Phương", role="nurse", department="NOI"),
        DemoStaff(username="dieuduong2", full_name="Vũ Hoàng Yến", role="nurse", department="NHI"),
        DemoStaff(username="bs.hung", full_name="Trần Quốc Hùng", role="doctor", department="NOI"),
        DemoStaff(username="bs.lan", full_name="Lê Ngọc Lan", role="doctor", department="NHI"),
        DemoStaff(username="bs.minh", full_name="Đỗ Quang Minh", role="doctor", department="KB"),
        DemoStaff(username="bs.thao", full_name="Bùi Phương Thảo", role="doctor", department="SAN"),
        DemoStaff(username="bs.duc", full_name="Hoàng Anh Đức", role="doctor", department="TMH"),
        DemoStaff(username="thungan", full_name="Ngô Thị Kim Oanh", role="cashier"),
        DemoStaff(username="xetnghiem", full_name="Đặng Văn Khánh", role="lab_technician"),
    ),
    patients=56,
)

SONG_TIEN: Final = DemoHospital(
    code="song-tien",
    name="Phòng khám Đa khoa Sông Tiền",
    display_name="PK Sông Tiền",
    province="082",
    address="45 đường Ấp Bắc, phường Đạo Thạnh, tỉnh Đồng Tháp",
    phone="19006789",
    license_number="0045/ĐT-GPHĐ",
    tax_code="1200004567",
    departments=(_GENERAL, _INTERNAL, _CHILDREN, _TEETH),
    staff=(
        DemoStaff(username="letan", full_name="Huỳnh Thị Cẩm Tú", role="receptionist", department="KB"),
        DemoStaff(username="dieuduong", full_name="Võ Thị Ngọc Diễm", role="nurse", department="NOI"),
        DemoStaff(username="bs.phuc", full_name="Nguyễn Hữu Phúc", role="doctor", department="NOI"),
        DemoStaff(username="bs.nga", full_name="Trần Thị Thúy Nga", role="doctor", department="NHI"),
        DemoStaff(username="bs.tai", full_name="Lê Tấn Tài", role="doctor", department="RHM"),
        DemoStaff(username="bs.hoa", full_name="Phan Thị Mỹ Hòa", role="doctor", department="KB"),
        DemoStaff(username="thungan", full_name="Hồ Văn Lợi", role="cashier"),
    ),
    patients=34,
)

DEMO_HOSPITALS: Final = (HONG_HA, SONG_TIEN)
_WORKDAY: Final = [["07:00", "11:30"], ["13:00", "17:00"]]
BUSINESS_HOURS: Final = {**dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat"), _WORKDAY), "sun": []}
ADMINISTRATOR_NAME: Final = {"hong-ha": "Nguyễn Văn Thành", "song-tien": "Mai Thị Bích Ngọc"}
CANCELLATIONS: Final = ("Gia đình có việc đột xuất", "Bệnh nhân xin đổi ngày", "Đã khám ở nơi khác")
