"""Believable people. Names are composed the Vietnamese way: family, middle, given; CCCDs follow the rule of issue.

Every factory takes a `random.Random`, so a test can name its seed; without one each call differs.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

Gender = Literal["male", "female"]

_FAMILY: Final = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
)
_MIDDLE: Final = {
    "male": ("Văn", "Hữu", "Đức", "Minh", "Quang", "Công", "Đình"),
    "female": ("Thị", "Ngọc", "Thu", "Bích", "Mỹ", "Thanh", "Hồng"),
}
_GIVEN: Final = {
    "male": ("An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Khánh", "Long", "Nam", "Phúc", "Sơn", "Tuấn", "Vinh"),
    "female": ("Ánh", "Châu", "Đào", "Giang", "Hạnh", "Lan", "Linh", "Mai", "Nhung", "Oanh", "Quỳnh", "Thảo", "Yến"),
}
# Codes of provinces of registration, as issued before the mergers of 2025 (Circular 59/2021/TT-BCA).
_PROVINCES: Final = ("001", "031", "036", "038", "040", "046", "048", "075", "079", "087", "092", "096")
_MOBILE: Final = ("03", "05", "07", "08", "09")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody, as they would write themselves into a form."""

    full_name: str
    gender: Gender
    date_of_birth: date
    cccd: str = field(repr=False)
    phone: str
    email: str | None = None

    def age(self, today: date) -> int:
        """In whole years."""
        born = self.date_of_birth
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _chance(chance: random.Random | None) -> random.Random:
    return chance or random.Random()  # noqa: S311 - invented people, not secrets.


def cccd_for(*, date_of_birth: date, gender: Gender, province: str = "079", chance: random.Random | None = None) -> str:
    """A CCCD that fits: province, century and sex (1900s: 0 and 1, 2000s: 2 and 3), year, six random digits."""
    century = (date_of_birth.year // 100 - 19) * 2 + (gender == "female")
    return f"{province}{century}{date_of_birth.year % 100:02d}{_chance(chance).randrange(10**6):06d}"


def full_name(*, gender: Gender, chance: random.Random | None = None) -> str:
    """Family, middle and given name."""
    pick: Callable[[tuple[str, ...]], str] = _chance(chance).choice
    return f"{pick(_FAMILY)} {pick(_MIDDLE[gender])} {pick(_GIVEN[gender])}"


def phone(*, chance: random.Random | None = None) -> str:
    """A mobile number: ten digits from 0."""
    source = _chance(chance)
    return f"{source.choice(_MOBILE)}{source.randrange(10**8):08d}"


def person(
    *,
    gender: Gender | None = None,
    date_of_birth: date | None = None,
    chance: random.Random | None = None,
) -> Person:
    """Somebody between newborn and 90 with a CCCD that fits them."""
    source = _chance(chance)
    either: tuple[Gender, Gender] = ("male", "female")
    sex: Gender = source.choice(either) if gender is None else gender
    born = date_of_birth or date(2024, 12, 31) - timedelta(days=source.randrange(90 * 365))
    return Person(
        full_name=full_name(gender=sex, chance=source),
        gender=sex,
        date_of_birth=born,
        cccd=cccd_for(date_of_birth=born, gender=sex, province=source.choice(_PROVINCES), chance=source),
        phone=phone(chance=source),
    )


def people(count: int, *, seed: int = 1) -> list[Person]:
    """Several, the same for the same seed, no CCCD twice."""
    source = random.Random(seed)  # noqa: S311 - invented people, not secrets.
    found: dict[str, Person] = {}
    while len(found) < count:
        somebody = person(chance=source)
        found[somebody.cccd] = somebody
    return list(found.values())


def people_of_both(count: int) -> list[Person]:
    """Those who go to both hospitals; the first has the account."""
    chance = random.Random("both")  # noqa: S311 - invented people, not secrets
    return [person(chance=chance) for _ in range(count)]
