"""Saved filters: one's own only, limits and the default under concurrency, and over the API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from kernel.errors import Forbidden, InvalidFields, NotFound, PreconditionFailed
from kernel.web.actor import Actor
from tenant_app.saved_filters.models import SavedFilter
from tenant_app.saved_filters.public import (
    MOST_FILTERS,
    FilterNameTaken,
    FilterRow,
    TooManyFilters,
    change_filter,
    delete_filter,
    filters_of,
    own_filter,
    replace_filter,
    save_filter,
)
from tenant_app.staff.models import Department, User
from tests.support.clinic import Clinic
from tests.support.staff_api import Caller


def keep(clinic: Clinic, actor: Actor, name: str = "Điều dưỡng", **wish: Any) -> FilterRow:
    with clinic.uow() as uow:
        asked = {"list_name": "staff", "parameters": {"role": "nurse"}, **wish}
        made = save_filter(uow=uow, actor=actor, name=name, **asked)
        uow.commit()
    return made


def defaults(clinic: Clinic, actor: Actor) -> list[str]:
    with clinic.uow() as uow:
        return [row.name for row in filters_of(uow=uow, actor=actor, list_name="staff") if row.is_default]


def test_a_filter_is_kept_changed_and_deleted(clinic: Clinic) -> None:
    desk = clinic.actor("receptionist")
    made = keep(clinic, desk, " Khoa  Nội ", parameters={"department": str(clinic.department_id), "role": ""})
    assert (made.name, made.parameters) == ("Khoa Nội", {"department": str(clinic.department_id)})
    with clinic.uow() as uow:
        same = change_filter(uow=uow, actor=desk, filter_id=made.id, version=1, name="Khoa Nội", is_default=False)
        assert same.version == 1, "nothing differs"
        renamed = change_filter(uow=uow, actor=desk, filter_id=made.id, version=1, name="Nội")
        assert (renamed.name, renamed.version, renamed.parameters) == ("Nội", 2, made.parameters)
        with pytest.raises(PreconditionFailed):
            change_filter(uow=uow, actor=desk, filter_id=made.id, version=1, name="Ngoại")
        with pytest.raises(PreconditionFailed):
            delete_filter(uow=uow, actor=desk, filter_id=made.id, version=1)
        delete_filter(uow=uow, actor=desk, filter_id=made.id)
        with pytest.raises(NotFound):
            own_filter(uow=uow, actor=desk, filter_id=made.id)


def test_nobody_elses_filters_are_there(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    owner = clinic.actor("receptionist")
    made = keep(clinic, owner)
    for where, stranger in ((clinic, clinic.actor("receptionist")), (clinic, clinic.admin), (other, other.admin)):
        with where.uow() as uow:
            assert filters_of(uow=uow, actor=stranger, list_name="staff") == []
            with pytest.raises(NotFound):
                own_filter(uow=uow, actor=stranger, filter_id=made.id)
            with pytest.raises(NotFound):
                change_filter(uow=uow, actor=stranger, filter_id=made.id, version=1, name="Của tôi")
            with pytest.raises(NotFound):
                replace_filter(
                    uow=uow, actor=stranger, list_name="staff", name=made.name, parameters={"role": "doctor"}
                )
            with pytest.raises(NotFound):
                delete_filter(uow=uow, actor=stranger, filter_id=made.id)
    keep(clinic, clinic.admin, made.name)
    with clinic.uow() as uow:
        assert own_filter(uow=uow, actor=owner, filter_id=made.id) == made


def test_names_are_told_apart_by_list_and_not_by_case(clinic: Clinic) -> None:
    keep(clinic, clinic.admin, "Bác sĩ Đặng")
    with clinic.uow() as uow, pytest.raises(FilterNameTaken):
        save_filter(uow=uow, actor=clinic.admin, list_name="staff", name="BÁC SĨ ĐẶNG", parameters={"role": "doctor"})
    keep(clinic, clinic.admin, "Bác sĩ Đặng", list_name="calendar", parameters={"view": "week"})
    second = keep(clinic, clinic.admin, "Khác")
    with clinic.uow() as uow, pytest.raises(FilterNameTaken):
        change_filter(uow=uow, actor=clinic.admin, filter_id=second.id, version=1, name="bác sĩ đặng")


def test_what_one_may_not_see_and_what_is_not_there_is_not_kept(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    with clinic.uow() as uow:
        with pytest.raises(Forbidden):
            save_filter(
                uow=uow,
                actor=clinic.actor("cashier"),
                list_name="access_log",
                name="x",
                parameters={"result": "failed"},
            )
        with pytest.raises(InvalidFields):
            save_filter(uow=uow, actor=clinic.admin, list_name="rooms", name="x", parameters={"floor": "3"})
        uow.session.execute(update(User).where(User.id == clinic.doctor_id).values(status="inactive"))
        for name, gone in (
            ("department", other.department_id),
            ("department", uuid4()),
            ("doctor", clinic.doctor_id),
            ("doctor", clinic.admin.id),
        ):
            with pytest.raises(InvalidFields) as refusal:
                save_filter(uow=uow, actor=clinic.admin, list_name="calendar", name="x", parameters={name: str(gone)})
            assert set(refusal.value.errors) == {f"parameters.{name}"}


def test_a_closed_department_finds_colleagues_and_no_appointments(clinic: Clinic) -> None:
    closed = {"department": str(clinic.department_id)}
    with clinic.uow() as uow:
        uow.session.execute(update(Department).values(status="inactive"))
        uow.commit()
    keep(clinic, clinic.admin, parameters=closed)
    with pytest.raises(InvalidFields):
        keep(clinic, clinic.admin, list_name="appointments", parameters=closed)


def test_one_filter_is_the_default(clinic: Clinic) -> None:
    first = keep(clinic, clinic.admin, "Một", is_default=True)
    second = keep(clinic, clinic.admin, "Hai", is_default=True)
    elsewhere = keep(clinic, clinic.admin, "Một", list_name="calendar", parameters={"view": "week"}, is_default=True)
    assert defaults(clinic, clinic.admin) == ["Hai"]
    with clinic.uow() as uow:
        with pytest.raises(PreconditionFailed):
            change_filter(uow=uow, actor=clinic.admin, filter_id=first.id, version=first.version, is_default=True)
        change_filter(uow=uow, actor=clinic.admin, filter_id=first.id, version=first.version + 1, is_default=True)
        assert own_filter(uow=uow, actor=clinic.admin, filter_id=elsewhere.id).is_default
        uow.commit()
    assert defaults(clinic, clinic.admin) == ["Một"]
    with clinic.uow() as uow:
        replaced = replace_filter(
            uow=uow, actor=clinic.admin, list_name="staff", name="MỘT", parameters={"role": "doctor"}
        )
        assert (replaced.id, replaced.parameters, replaced.is_default) == (first.id, {"role": "doctor"}, True)
        assert own_filter(uow=uow, actor=clinic.admin, filter_id=second.id).is_default is False


def test_two_windows_at_once_keep_the_limit_and_one_default(clinic: Clinic) -> None:
    for number in range(MOST_FILTERS - 1):
        keep(clinic, clinic.admin, f"Số {number}")

    def press(number: int) -> bool:
        try:
            keep(clinic, clinic.admin, f"Cùng lúc {number}", is_default=True)
        except TooManyFilters:
            return False
        return True

    with ThreadPoolExecutor(4) as windows:
        assert sorted(windows.map(press, range(4))) == [False, False, False, True]
    with clinic.uow() as uow:
        counted = select(func.count(), func.count().filter(SavedFilter.is_default)).select_from(SavedFilter)
        assert uow.session.execute(counted).one() == (MOST_FILTERS, 1)
    keep(clinic, clinic.actor("nurse"), "Cùng lúc 1")


def test_over_the_api(clinic: Clinic, call: Callable[[str], Caller]) -> None:
    desk, doctor, other = call("receptionist"), call("doctor"), call("other")
    wish = {"list": "appointments", "name": "Khoa Nội", "parameters": {"department": str(clinic.department_id)}}
    key = str(uuid4())
    made = desk("POST", "/saved-filters", wish, Idempotency_Key=key)
    again = desk("POST", "/saved-filters", wish, Idempotency_Key=key)
    assert (made.status_code, again.status_code, again.json) == (201, 201, made.json)
    assert (made.headers["ETag"], made.json["list"], made.json["is_default"]) == ('"1"', "appointments", False)
    path = f"/saved-filters/{made.json['id']}"
    assert made.headers["Location"] == f"/api/v1{path}"
    assert desk("GET", path).json == made.json
    assert desk("PATCH", path, {"is_default": True}).status_code == 428
    changed = desk("PATCH", path, {"is_default": True, "name": "Nội"}, If_Match='"1"')
    assert (changed.status_code, changed.headers["ETag"], changed.json["name"]) == (200, '"2"', "Nội")
    assert desk("PATCH", path, {"name": "Ngoại"}, If_Match='"1"').status_code == 412
    second = desk("POST", "/saved-filters", {"list": "calendar", "name": "Tuần", "parameters": {"view": "week"}})
    first = desk("GET", "/saved-filters?limit=1").json
    rest = desk("GET", f"/saved-filters?limit=1&cursor={first['next_cursor']}").json
    assert [first["items"][0]["id"], rest["items"][0]["id"]] == [made.json["id"], second.json["id"]]
    assert rest["next_cursor"] is None
    assert [row["name"] for row in desk("GET", "/saved-filters?list=calendar").json["items"]] == ["Tuần"]
    for stranger in (doctor, other):
        assert stranger("GET", "/saved-filters").json["items"] == []
        for method, body in (("GET", None), ("PATCH", {"name": "Của tôi"}), ("DELETE", None)):
            assert stranger(method, path, body, If_Match='"2"').status_code == 404
    assert desk("DELETE", path, If_Match='"1"').status_code == 412
    assert desk("DELETE", path, If_Match='"2"').status_code == 204
    assert desk("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"list": "rooms"}, 422, "list"),
        ({"name": " "}, 422, "name"),
        ({"name": "x" * 61}, 422, "name"),
        ({"parameters": {"role": "king"}}, 422, "parameters.role"),
        ({"parameters": {"query": "Nguyễn Văn An"}}, 422, "parameters.query"),
        ({"parameters": {}}, 422, "parameters"),
        ({"parameters": {"role": ["doctor"]}}, 422, "parameters.role.value"),
        ({"user_id": str(uuid4())}, 422, "user_id"),
        ({"list": "access_log", "parameters": {"days": "30"}}, 403, ""),
    ],
)
def test_bodies_that_cannot_be(
    clinic: Clinic, call: Callable[[str], Caller], changed: dict[str, Any], status: int, field: str
) -> None:
    wish = {"list": "staff", "name": "Bác sĩ", "parameters": {"role": "doctor"}, **changed}
    refused = call("receptionist")("POST", "/saved-filters", wish)
    assert refused.status_code == status, refused.json
    if field:
        assert list(refused.json["errors"]) == [field]


def test_names_and_numbers_have_codes(call: Callable[[str], Caller]) -> None:
    desk = call("receptionist")
    wish = {"list": "staff", "parameters": {"role": "doctor"}}
    assert desk("POST", "/saved-filters", {**wish, "name": "Số 0"}).status_code == 201
    taken = desk("POST", "/saved-filters", {**wish, "name": "số 0"})
    assert (taken.status_code, taken.json["code"]) == (409, "filter_name_taken")
    for number in range(1, MOST_FILTERS):
        assert desk("POST", "/saved-filters", {**wish, "name": f"Số {number}"}).status_code == 201
    full = desk("POST", "/saved-filters", {**wish, "name": "Một nữa"})
    assert (full.status_code, full.json["code"]) == (409, "too_many_filters")


def test_a_right_that_was_lost_keeps_the_filter_and_lets_it_be_deleted(clinic: Clinic) -> None:
    made = keep(clinic, clinic.admin, list_name="access_log", parameters={"result": "failed"})
    without = replace(clinic.admin, permissions=clinic.admin.permissions - {"audit.read"})
    with clinic.uow() as uow:
        with pytest.raises(Forbidden):
            change_filter(uow=uow, actor=without, filter_id=made.id, version=1, name="Khác")
        delete_filter(uow=uow, actor=without, filter_id=made.id)


def test_what_is_stored_names_no_one(clinic: Clinic) -> None:
    """The column holds choices and ids; a search's words have no place in any list's parameters."""
    keep(clinic, clinic.admin, list_name="calendar", parameters={"doctor": str(clinic.doctor_id)})
    with clinic.uow() as uow:
        (stored,) = uow.session.scalars(select(SavedFilter.parameters))
    assert {name: UUID(value) for name, value in stored.items()} == {"doctor": clinic.doctor_id}
