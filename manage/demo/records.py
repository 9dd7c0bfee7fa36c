"""What the demo's nurses have written down of its patients: whom to call, history, allergies."""

import random
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from manage.demo.people import Gender, full_name, phone
from tenant_app.patients.public import (
    NewCard,
    NewContact,
    NewHistory,
    add_contact,
    note_allergy,
    note_history,
    state_none_known,
    write_card,
)

_CHILD: Final = 16
_GROUPS: Final = ("GD", "DN", "HC", "HT", "CN")
_ELDER: Final = 50
_CHRONIC: Final = (
    ("Tăng huyết áp, uống amlodipin hằng ngày", "I10"),
    ("Đái tháo đường típ 2", "E11.9"),
    ("Rối loạn lipid máu", "E78.5"),
    ("Hen phế quản", "J45.9"),
    ("Viêm gan B mạn", "B18.1"),
    ("Thoái hoá khớp gối hai bên", "M17.0"),
    ("Trào ngược dạ dày thực quản", "K21.9"),
)
_SURGERIES: Final = (
    "Mổ ruột thừa",
    "Mổ lấy sỏi túi mật nội soi",
    "Mổ đục thủy tinh thể mắt phải",
    "Thay khớp háng trái",
)
_FAMILY: Final = ("Mẹ bị đái tháo đường", "Bố mất vì nhồi máu cơ tim năm 58 tuổi", "Chị gái bị ung thư vú")
_NOTES: Final = ("Hút thuốc lá 20 năm, đã bỏ", "Nghe kém, cần nói to", "Đi lại bằng nạng")
_ALLERGIES: Final = (
    ("Penicillin", "severe", "sốc phản vệ năm 2019"),
    ("Cefotaxim", "moderate", "phát ban toàn thân"),
    ("Paracetamol", "mild", "nổi mề đay"),
    ("Tôm, cua", "moderate", "sưng môi, khó thở nhẹ"),
    ("Thuốc cản quang có iod", "severe", "khó thở, tụt huyết áp"),
    ("Phấn hoa", "mild", "hắt hơi, ngứa mắt"),
)


def describe(
    *, uow: UnitOfWork, nurse: Actor, patient_id: UUID, born: date, today: date, chance: random.Random
) -> None:
    """Write down what a nurse would have asked of this patient; of some, nobody has asked yet."""
    age = today.year - born.year
    if chance.random() < 0.6:
        _insure(uow, nurse, patient_id, today=today, chance=chance)
    if chance.random() < 0.7 or age < _CHILD:
        for new in _contacts(age, chance):
            add_contact(uow=uow, actor=nurse, patient_id=patient_id, new=new)
    if chance.random() < 0.25:
        substance, severity, reaction = chance.choice(_ALLERGIES)
        note_allergy(
            uow=uow, actor=nurse, patient_id=patient_id, substance=substance, severity=severity, reaction=reaction
        )
    elif chance.random() < 0.5:
        state_none_known(uow=uow, actor=nurse, patient_id=patient_id)
    if age > _ELDER:
        for what, icd10 in chance.sample(_CHRONIC, chance.randrange(3)):
            since = max(born.year, today.year - chance.randrange(1, 15))
            piece = NewHistory(kind="chronic", what=what, icd10=icd10, since_year=since)
            note_history(uow=uow, actor=nurse, patient_id=patient_id, new=piece)
        if chance.random() < 0.3:
            operation = NewHistory(
                kind="surgery", what=chance.choice(_SURGERIES), since_year=today.year - chance.randrange(1, 12)
            )
            note_history(uow=uow, actor=nurse, patient_id=patient_id, new=operation)
        if chance.random() < 0.3:
            note_history(
                uow=uow, actor=nurse, patient_id=patient_id, new=NewHistory(kind="note", what=chance.choice(_NOTES))
            )
    if age > _CHILD and chance.random() < 0.2:
        note_history(
            uow=uow, actor=nurse, patient_id=patient_id, new=NewHistory(kind="family", what=chance.choice(_FAMILY))
        )


def _insure(uow: UnitOfWork, nurse: Actor, patient_id: UUID, *, today: date, chance: random.Random) -> None:
    """A card of this year; one in eight has expired, one in eight is near its end."""
    number = f"{chance.choice(_GROUPS)}{chance.choice('2344')}01{chance.randrange(10**10):010d}"
    ends = {0: today - timedelta(days=chance.randrange(3, 60)), 1: today + timedelta(days=chance.randrange(2, 25))}
    last = ends.get(chance.randrange(8), date(today.year + 1, 3, 31))
    card = NewCard(
        number=number,
        valid_from=last - timedelta(days=364),
        valid_to=last,
        facility_code=chance.choice(("01004", "01025", "01160")),
    )
    write_card(uow=uow, actor=nurse, patient_id=patient_id, new=card)


def _contacts(age: int, chance: random.Random) -> list[NewContact]:
    """The parents of a child (of a few, nobody wrote down who is guardian), else a husband, wife or grown-up child."""
    if age < _CHILD:
        guarded = chance.random() < 0.85
        parents: tuple[tuple[Gender, str], ...] = (("female", "mẹ"), ("male", "bố"))
        return [
            _contact(gender, relation, chance, is_guardian=guarded)
            for gender, relation in parents[: 1 + chance.randrange(2)]
        ]
    kin: tuple[tuple[Gender, str], ...] = (("female", "con gái"), ("male", "con trai"))
    if age < _ELDER:
        kin = (("female", "chị gái"), ("male", "anh trai"), ("female", "mẹ"))
    return [_contact(*chance.choice(kin), chance)]


def _contact(gender: Gender, relation: str, chance: random.Random, *, is_guardian: bool = False) -> NewContact:
    return NewContact(
        full_name=full_name(gender=gender, chance=chance),
        phone=phone(chance=chance),
        relation=relation,
        is_guardian=is_guardian,
    )
