"""Files of patients in the demo: one that was imported, and one whose rows wait for somebody to decide about them."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from central.router.public import TenantRouter
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.web.actor import Actor
from manage.demo.hospitals import DEMO_HOSPITALS
from manage.demo.people import Person, people
from manage.demo.visits import staff_actor
from tenant_app.patient_imports.public import (
    ImportRunner,
    PatientImport,
    check_again,
    import_all,
    patient_import,
    upload,
)
from tenant_app.staff.public import User

OpenHospital = Callable[[TenantId], UnitOfWork]

_IMPORTED: Final = "Khám sức khỏe người dân phường Hồng Hà 2026.csv"
_WAITING: Final = "Bệnh nhân chuyển từ phần mềm cũ (bản 2).csv"
_HEADINGS: Final = ("Họ và tên", "Ngày sinh", "Giới tính", "Số CCCD", "Số điện thoại", "Địa chỉ")
_STREETS: Final = ("12 Lê Lợi", "48 ngõ 5 Kim Mã", "7 Trần Phú", "103 Nguyễn Trãi", "26 Bà Triệu")
_SECONDS: Final = 120


def import_files(router: TenantRouter) -> None:
    """At the first hospital; nothing where somebody has imported already."""
    tenant = router.lookup.by_code(DEMO_HOSPITALS[0].code).tenant
    open_hospital: OpenHospital = router.unit_of_work
    with open_hospital(tenant) as uow:
        if uow.session.scalar(select(func.count()).select_from(PatientImport)):
            return
        account = uow.session.scalars(select(User).where(User.username == "quantri")).one()
        admin = staff_actor(account.id, account.full_name, "admin")
    runner = ImportRunner(open_hospital)
    neighbours = people(24, seed=2026)
    first = _checked(open_hospital, runner, tenant, admin, _IMPORTED, [_line(each) for each in neighbours])
    with open_hospital(tenant) as uow:
        version = patient_import(uow=uow, import_id=first).version
        import_all(uow=uow, actor=admin, import_id=first, version=version)
        uow.commit()
    runner.begin(tenant, first).result(timeout=_SECONDS)
    _checked(open_hospital, runner, tenant, admin, _WAITING, _with_faults(neighbours[3], people(14, seed=1999)))
    runner.close()


def _checked(
    open_hospital: OpenHospital,
    runner: ImportRunner,
    tenant: TenantId,
    admin: Actor,
    name: str,
    rows: Iterable[Sequence[str]],
) -> UUID:
    with open_hospital(tenant) as uow:
        made = upload(uow=uow, actor=admin, file_name=name, content=_file(rows))
        check_again(uow=uow, actor=admin, import_id=made.id, version=made.version)
        uow.commit()
        import_id = made.id
    runner.begin(tenant, import_id).result(timeout=_SECONDS)
    return import_id


def _with_faults(registered: Person, others: Sequence[Person]) -> list[list[str]]:
    """As files of older programs are: a year alone, a number that Excel shortened, somebody who is here already."""
    rows = [_line(each) for each in others]
    rows[2][1] = str(others[2].date_of_birth.year)
    rows[5][3] = "7.9E+10"
    rows[7] = _line(registered)
    # The same person under another number: somebody has to decide.
    rows[10] = [*rows[9][:3], "", *rows[9][4:]]
    return rows


def _line(who: Person) -> list[str]:
    gender = {"male": "Nam", "female": "Nữ"}[who.gender]
    street = _STREETS[int(who.cccd[-1]) % len(_STREETS)]
    return [who.full_name, who.date_of_birth.strftime("%d/%m/%Y"), gender, who.cccd, who.phone, street]


def _file(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_HEADINGS)
    table.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
