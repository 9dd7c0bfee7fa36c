"""Fills the demo hospitals. Each hospital is made by provisioning and filled in one transaction, so a killed start
leaves either nothing or all of it, and the next start goes on.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from central.auth.public import parse_secret
from central.auth.totp import code_at, step_at
from central.provisioning.public import FirstStaff, Provisioner
from central.registry.public import NewTenant, TenantCodeTaken
from central.router.public import TenantRouter
from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId, new_row_id
from kernel.web.actor import Actor
from keys.public import Keychain
from manage.demo import reminding
from manage.demo.hospitals import (
    ADMINISTRATOR_NAME,
    BUSINESS_HOURS,
    DEMO_HOSPITALS,
    DemoHospital,
)
from manage.demo.hours import ON_LEAVE, leave_from, minutes_of, shifts_of
from manage.demo.people import Person, cccd_for, people, people_of_both
from manage.demo.records import describe
from manage.demo.visits import Visits, staff_actor
from tenant_app.auth.service import StaffAccounts, StaffFactors
from tenant_app.calendar.public import NewHoliday, add_holiday, missing_public_holidays
from tenant_app.hospital.public import change_details, hospital_info
from tenant_app.notices.models import Notice
from tenant_app.patients.public import Registration, StatusChange, read, register, set_status
from tenant_app.saved_filters.public import save_filter
from tenant_app.schedules.public import NewException, NewHours, add_exception, add_hours
from tenant_app.staff.public import NewUser, User, create_department, create_user

SHARED_PEOPLE = 6
# Departments in which people wait when the demo begins.
WAITING_DEPARTMENTS = 3
UNREAD_NOTICES = 3
# More than are never noticed in an hour (tenant_app.settings.catalogue), and fewer than a demo hospital has patients.
PRIED_INTO = 34


@dataclass(frozen=True, kw_only=True)
class DemoData:
    """Makes the demo hospitals and fills them; `password` is every demo account's."""

    provisioner: Provisioner
    router: TenantRouter
    accounts: StaffAccounts
    factors: StaffFactors
    keychain: Keychain
    password: str
    report: Callable[[str], None]
    now: datetime

    def run(self) -> list[DemoHospital]:
        """Make what is missing; returns the hospitals that were filled now. Safe to repeat."""
        return [hospital for hospital in DEMO_HOSPITALS if self._ensure(hospital)]

    def _ensure(self, hospital: DemoHospital) -> bool:
        self.report(hospital.name)
        tenant = self._provisioned(hospital)
        with self.router.unit_of_work(tenant) as uow:
            # Nobody but this transaction adds staff between provisioning and the first sign-in.
            if uow.session.execute(select(func.count()).select_from(User)).scalar_one() > 1:
                return False
            _Filling(self, hospital, uow).run()
            uow.commit()
        return True

    def _provisioned(self, hospital: DemoHospital) -> TenantId:
        admin = FirstStaff(
            username="quantri", email=f"quantri@{hospital.code}.example", full_name=ADMINISTRATOR_NAME[hospital.code]
        )
        new = NewTenant(tenant_code=hospital.code, name=hospital.name, display_name=hospital.display_name)
        try:
            return self.provisioner.provision(new=new, admin=admin).tenant
        except TenantCodeTaken:
            route = self.router.lookup.by_code(hospital.code)
            if route.status == "provisioning":
                self.provisioner.resume(route.tenant)
            return route.tenant


class _Filling:
    """One hospital's transaction."""

    def __init__(self, demo: DemoData, hospital: DemoHospital, uow: UnitOfWork) -> None:
        self._demo = demo
        self._hospital = hospital
        self._uow = uow
        # A seed of the hospital's own: the same people come back after the data folder was deleted.
        self._chance = random.Random(hospital.code)  # noqa: S311 - invented people, not secrets
        administrator = uow.session.execute(select(User).where(User.username == "quantri")).scalar_one()
        self._administrator = staff_actor(administrator.id, administrator.full_name, "admin")

    def run(self) -> None:
        """The hospital's own details, then staff, then patients, then the week."""
        self._describe()
        reminding.switch_on(uow=self._uow, actor=self._administrator)
        if self._hospital is DEMO_HOSPITALS[0]:
            reminding.own_account(uow=self._uow, actor=self._administrator, keychain=self._demo.keychain)
        departments = {
            each.code: create_department(uow=self._uow, actor=self._administrator, code=each.code, name=each.name).id
            for each in self._hospital.departments
        }
        self._welcome_administrator()
        staff = {each.username: self._hire(each.username, departments) for each in self._hospital.staff}
        desk = staff_actor(staff["letan"], "", "receptionist")
        somebody = self._people()
        patients = [self._register(each, desk) for each in somebody]
        known = dict(zip(patients, somebody, strict=True))
        self._describe_patients(patients, somebody, staff_actor(staff["dieuduong"], "", "nurse"))
        patients = self._close_some(patients, known, desk)
        reminding.ask(uow=self._uow, desk=desk, patients=patients, chance=random.Random(len(patients)))  # noqa: S311 - invented people
        visits = Visits(uow=self._uow, now=self._demo.now, chance=self._chance, known=known)
        described = {each.code: each for each in self._hospital.departments}
        doctors = [each for each in self._hospital.staff if each.role == "doctor" and each.department]
        for number, doctor in enumerate(doctors):
            department = described[doctor.department or ""]
            self._give_hours(number, staff[doctor.username], departments[department.code])
            visits.week_of(number, staff[doctor.username], departments[department.code], department, patients, desk)
        self._send_on_leave(staff[doctors[ON_LEAVE].username])
        reminding.send_some(uow=self._uow, actor=self._administrator, desk=desk, now=self._demo.now)
        nurse = staff_actor(staff["dieuduong"], "", "nurse")
        for at, department in enumerate(self._hospital.departments[:WAITING_DEPARTMENTS]):
            # The demo's patient, who has an account in the patient portal, waits in one line.
            own = patients.pop(0) if at == 0 and self._hospital == DEMO_HOSPITALS[0] else None
            visits.line(f"P.{101 + at}", departments[department.code], department, patients, desk, nurse, last=own)
        self._pry(staff_actor(staff["thungan"], "", "cashier"), patients)
        self._lose_phone(staff[doctors[ON_LEAVE].username])
        self._read_notices()
        self._save_filters(desk, departments)

    def _save_filters(self, desk: Actor, departments: dict[str, UUID]) -> None:
        """What the desk and the administrator look at most."""
        first = self._hospital.departments[0]
        for actor, list_name, name, parameters in (
            (desk, "patients", "Người cao tuổi chưa có thẻ BHYT", {"age": "from60", "insurance": "missing"}),
            (desk, "appointments", first.name, {"department": str(departments[first.code])}),
            (self._administrator, "staff", "Bác sĩ", {"role": "doctor"}),
            (self._administrator, "access_log", "Việc không thành trong 30 ngày", {"result": "failed", "days": "30"}),
        ):
            save_filter(uow=self._uow, actor=actor, list_name=list_name, name=name, parameters=parameters)

    def _read_notices(self) -> None:
        """Everybody has read what the bell told them, but for the last few."""
        newest = func.row_number().over(partition_by=Notice.user_id, order_by=Notice.id.desc())
        ranked = select(Notice.id, newest.label("place")).subquery()
        self._uow.session.execute(
            update(Notice)
            .where(Notice.id.in_(select(ranked.c.id).where(ranked.c.place > UNREAD_NOTICES)))
            .values(read_at=self._demo.now),
            execution_options={"synchronize_session": False},
        )

    def _lose_phone(self, doctor: UUID) -> None:
        """A doctor has a second factor, and nobody its app: the administrator is to take it away."""
        tenant, session = self._uow.tenant, new_row_id()
        factors = self._demo.factors
        secret = factors.begin(uow=self._uow, tenant=tenant, account_id=doctor, session_id=session)
        code = code_at(secret, step_at(utc_now()))
        factors.confirm(uow=self._uow, tenant=tenant, account_id=doctor, session_id=session, otp=code)

    def _pry(self, cashier: Actor, patients: list[UUID]) -> None:
        """A cashier opens one record after the other: the administrator is to find it under unusual access."""
        for patient_id in patients[:PRIED_INTO]:
            read(uow=self._uow, actor=cashier, patient_id=patient_id)

    def _describe(self) -> None:
        hospital = self._hospital
        change_details(
            uow=self._uow,
            actor=self._administrator,
            version=hospital_info(uow=self._uow).version,
            details={
                "address": hospital.address,
                "phone": hospital.phone,
                "email": f"lienhe@{hospital.code}.example",
                "website": f"https://{hospital.code}.example",
                "license_number": hospital.license_number,
                "tax_code": hospital.tax_code,
                "business_hours": BUSINESS_HOURS,
            },
        )
        for each in missing_public_holidays(uow=self._uow, since=local_today(self._demo.now)):
            holiday = NewHoliday(name=each.name, first_day=each.first_day, last_day=each.last_day)
            add_holiday(uow=self._uow, actor=self._administrator, new=holiday)

    def _welcome_administrator(self) -> None:
        account = self._uow.session.get_one(User, self._administrator.id)
        self._accept(account)

    def _hire(self, username: str, departments: dict[str, UUID]) -> UUID:
        member = next(each for each in self._hospital.staff if each.username == username)
        new = NewUser(
            username=member.username,
            email=f"{member.username}@{self._hospital.code}.example",
            full_name=member.full_name,
            role=member.role,
            department_id=departments[member.department] if member.department else None,
        )
        account, _invite = create_user(uow=self._uow, actor=self._administrator, new=new, tag=self._hospital.code)
        self._accept(account)
        return account.id

    def _accept(self, account: User) -> None:
        """Accept an invite of their own, as they would in the browser."""
        accounts = self._demo.accounts
        invite = accounts.invite(uow=self._uow, account=account, tag=self._hospital.code)
        accounts.accept(uow=self._uow, secret=parse_secret(invite.secret.text), password=self._demo.password)

    def _people(self) -> list[Person]:
        """Those of the neighbourhood, a few who go to both hospitals, and children without a CCCD."""
        both = people_of_both(SHARED_PEOPLE)
        own = people(self._hospital.patients, seed=sum(self._hospital.code.encode()))
        return [*both, *(self._of_the_province(each) for each in own)]

    def _of_the_province(self, somebody: Person) -> Person:
        if self._chance.random() > 0.7:
            return somebody
        cccd = cccd_for(
            date_of_birth=somebody.date_of_birth,
            gender=somebody.gender,
            province=self._hospital.province,
            chance=self._chance,
        )
        return Person(
            full_name=somebody.full_name,
            gender=somebody.gender,
            date_of_birth=somebody.date_of_birth,
            cccd=cccd,
            phone=somebody.phone,
        )

    def _register(self, somebody: Person, desk: Actor) -> UUID:
        age = somebody.age(local_today(self._demo.now))
        registered = register(
            uow=self._uow,
            actor=desk,
            new=Registration(
                full_name=somebody.full_name,
                date_of_birth=somebody.date_of_birth,
                gender=somebody.gender,
                # Small children are registered with their parents' phone and no number of their own yet.
                identifiers={"cccd": somebody.cccd} if age >= 6 else {},
                details={
                    "phone": somebody.phone,
                    "email": reminding.address_of(somebody.full_name) if age >= 16 else None,
                },
            ),
        )
        return registered.patient.id

    def _describe_patients(self, patients: list[UUID], somebody: list[Person], nurse: Actor) -> None:
        # A chance of its own, so that what is described here changes nothing of the week that is drawn after it.
        chance = random.Random(f"records-{self._hospital.code}")  # noqa: S311 - invented people, not secrets
        today = local_today(self._demo.now)
        for patient_id, person in zip(patients, somebody, strict=True):
            describe(
                uow=self._uow,
                nurse=nurse,
                patient_id=patient_id,
                born=person.date_of_birth,
                today=today,
                chance=chance,
            )

    def _close_some(self, patients: list[UUID], known: Mapping[UUID, Person], desk: Actor) -> list[UUID]:
        """Records that are closed, for the reasons that there are; returns the others. The first stays open."""
        first, *rest = patients
        rest.sort(key=lambda patient_id: known[patient_id].date_of_birth)
        died_at_home, died_here, moved, *others, twice = rest
        others = [patient_id for patient_id in patients if patient_id in {first, *others}]
        today = local_today(self._demo.now)
        said = {
            moved: StatusChange(status="inactive", reason="moved_away", note="Chuyển vào Bình Dương sống cùng con"),
            twice: StatusChange(status="inactive", reason="duplicate"),
            died_at_home: StatusChange(
                status="deceased",
                reason="family",
                deceased_on=today - timedelta(days=40),
                told_by="Con trai, gọi điện báo khi được nhắc tái khám",
            ),
            died_here: StatusChange(
                status="deceased",
                reason="certificate",
                deceased_on=today - timedelta(days=12),
                told_by=f"Giấy báo tử số 0{today.month:02d}/{today.year}",
            ),
        }
        for patient_id, change in said.items():
            set_status(uow=self._uow, actor=desk, patient_id=patient_id, change=change)
        return others

    def _give_hours(self, number: int, doctor: UUID, department_id: UUID) -> None:
        for shift in shifts_of(number):
            hours = NewHours(
                doctor_id=doctor,
                department_id=department_id,
                weekdays=shift.weekdays,
                start_time=shift.start,
                end_time=shift.end,
                slot_minutes=minutes_of(number),
                valid_from=local_today(self._demo.now) - timedelta(days=90),
            )
            add_hours(uow=self._uow, actor=self._administrator, new=hours)

    def _send_on_leave(self, doctor: UUID) -> None:
        """After people were booked: they are the ones to be moved."""
        first, last = leave_from(local_today(self._demo.now))
        leave = NewException(
            doctor_id=doctor, kind="away", reason="leave", first_day=first, last_day=last, note="Nghỉ phép năm"
        )
        add_exception(uow=self._uow, actor=self._administrator, new=leave)
