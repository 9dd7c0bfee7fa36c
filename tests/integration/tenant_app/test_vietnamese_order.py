"""Lists of names stand in the order of a Vietnamese dictionary, page by page."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page
from kernel.text import vietnamese_order
from manage.demo.people import people
from tenant_app.patients.public import read_search, register, search
from tenant_app.staff.models import Role, User
from tenant_app.staff.public import active_doctors, list_roles, list_staff
from tests.support.clinic import Clinic, add_user, registration

# As Intl.Collator("vi") sorts them.
IN_ORDER = [
    "An Thị Bích",
    "Ân Văn Bình",
    "Dương Thị Yến",
    "Đặng Văn An",
    "Đỗ Thị An",
    "Lê Thị An",
    "Lê Văn Hoa",
    "Lê Văn Hòa",
    "Lê Văn Hỏa",
    "Lê Văn Hóa",
    "Lê Văn Họa",
    "Ông Thị Ba",
    "Vũ Văn Ánh",
    "Ỷ Lan",
]
ALPHABET = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")


@pytest.fixture
def shuffled() -> list[str]:
    """The names in some other order."""
    return random.Random(20261121).sample(IN_ORDER, len(IN_ORDER))


def walked(read: Callable[[str | None], Page[Any]]) -> list[str]:
    """The names of a list that is read page by page."""
    names: list[str] = []
    page = read(None)
    while True:
        names += [row.full_name for row in page.items]
        if page.next_cursor is None:
            return names
        page = read(page.next_cursor)


def test_the_database_sorts_as_the_program_does(clinic: Clinic) -> None:
    letters = [
        unicodedata.normalize(form, f"{letter}{tone}")
        for letter in (*ALPHABET, *ALPHABET.upper())
        for tone in TONES
        for form in ("NFC", "NFD")
    ]
    with clinic.uow() as uow:
        for name in (*IN_ORDER, *letters, "H’Hen Niê", "O'Brien-Müller", ""):
            assert uow.session.scalar(select(func.vietnamese_order(name))) == vietnamese_order(name), name


def test_patients_stand_in_it_whoever_is_looked_for(clinic: Clinic, shuffled: list[str]) -> None:
    with clinic.uow() as uow:
        for name, who in zip(shuffled, people(len(shuffled)), strict=True):
            # One phone for all finds them all: a search by name would find some.
            one = replace(who, full_name=name, phone="0912345678")
            register(uow=uow, actor=clinic.admin, new=registration(one))
        uow.commit()
    with clinic.uow() as uow:

        def read(words: str) -> Callable[[str | None], Page[Any]]:
            return lambda cursor: search(uow=uow, actor=clinic.admin, terms=read_search(words), limit=4, cursor=cursor)

        assert walked(read("0912345678")) == IN_ORDER
        assert walked(read("le hoa")) == IN_ORDER[6:11]
        uow.session.execute(text("UPDATE patients SET status = 'inactive'"))
        assert walked(read("0912345678")) == IN_ORDER


def test_the_index_of_names_is_in_it(clinic: Clinic) -> None:
    """What is found by a common word is read in order until the page is full, not sorted."""
    with clinic.uow() as uow:
        uow.session.execute(text("SET LOCAL enable_seqscan = off"))
        uow.session.execute(text("SET LOCAL enable_sort = off"))
        plan = uow.session.scalars(text("EXPLAIN SELECT id FROM patients ORDER BY vietnamese_order(full_name), id"))
        assert "ix_patients_name" in "\n".join(plan)


def test_staff_and_doctors_stand_in_it(clinic: Clinic, shuffled: list[str]) -> None:
    with clinic.uow() as uow:
        uow.session.execute(update(User).values(status="inactive"))
        for name in shuffled:
            named(uow, add_user(uow, role="doctor"), name)
        uow.commit()
    with clinic.uow() as uow:
        assert walked(lambda cursor: list_staff(uow=uow, status="active", limit=4, cursor=cursor)) == IN_ORDER
    for purpose in ("app", "portal"):
        with clinic.uow(purpose) as uow:
            assert [each.full_name for each in active_doctors(uow=uow)] == IN_ORDER


def test_roles_of_a_hospitals_own_stand_in_it(clinic: Clinic, shuffled: list[str]) -> None:
    with clinic.uow() as uow:
        uow.session.add_all([Role(name=name, permissions=[]) for name in shuffled])
        uow.flush()
        assert [row.name for row in list_roles(uow=uow) if not row.built_in] == IN_ORDER


def named(uow: UnitOfWork, user_id: UUID, name: str) -> None:
    uow.session.execute(update(User).where(User.id == user_id).values(full_name=name))
