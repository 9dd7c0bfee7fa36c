"""A hospital is made whole, resumes after a kill at any step, and names cannot reach SQL unquoted."""

import threading
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from central.provisioning import hospital_database
from central.provisioning import service as provisioning
from central.provisioning.names import PURPOSES, database_name
from central.provisioning.operations import OperationUnknown
from central.provisioning.ports import FirstInvite, FirstStaff, NewHospital
from central.provisioning.service import reserve
from central.registry.public import (
    DomainTaken,
    NewTenant,
    OperationRunning,
    TenantCodeTaken,
    credentials_of,
    latest_operation,
    operation,
    tenant_by_code,
    tenant_by_id,
)
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, InvalidIdentifier
from kernel.ids import TenantId
from tests.support.databases import CentralDatabase
from tests.support.hospitals import BareInitialiser, Hospital, HospitalMaker

ADMIN = FirstStaff(username="quantri", email="quantri@vidu.example", full_name="Trần Văn Quản Trị")


class Killed(BaseException):
    """Stands for SIGKILL: no `except Exception` sees it, so nothing is tidied up."""


def kill_once(monkeypatch: pytest.MonkeyPatch, where: object, name: str, *, after: bool) -> None:
    """Let the function `name` die at its first call, before or after its work."""
    real: Callable[..., object] = getattr(where, name)
    died = threading.Event()

    def dying(*arguments: object, **named: object) -> object:
        if died.is_set():
            return real(*arguments, **named)
        died.set()
        if after:
            real(*arguments, **named)
        raise Killed

    monkeypatch.setattr(where, name, dying)


def expire_leases(central: CentralDatabase) -> None:
    with central.superuser() as connection:
        connection.execute("UPDATE operations SET lease_until = now() - interval '1 second' WHERE lease_id IS NOT NULL")


def reserve_one(central: CentralDatabase, code: str, name: str = "Bệnh viện Một") -> UUID:
    with central.database().unit_of_work() as uow:
        row = reserve(uow=uow, new=NewTenant(tenant_code=code, name=name), admin=ADMIN)
        uow.commit()
        return row.id


def test_a_new_hospital_is_active_and_answers_as_itself(
    central: CentralDatabase, two_hospitals: tuple[Hospital, Hospital]
) -> None:
    for hospital in two_hospitals:
        with central.database().unit_of_work() as uow:
            assert tenant_by_id(uow=uow, tenant=hospital.tenant).status == "active"
            assert {view.purpose for view in credentials_of(uow=uow, tenant=hospital.tenant)} == set(PURPOSES)
            done = operation(uow=uow, operation_id=hospital.provisioned.operation_id)
        assert done is not None
        assert done.state == "done"
        assert {step["state"] for step in done.steps} == {"done"}
        for purpose in PURPOSES:
            with hospital.connect(purpose) as connection:
                row = connection.execute("SELECT current_database()").fetchone()
                assert row == (hospital.database_name,)
        with hospital.connect("app") as connection:
            assert connection.execute("SELECT tenant_id FROM hospital_identity").fetchall() == [(hospital.tenant,)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("where", "name"),
    [
        (hospital_database, "ensure_roles"),
        (hospital_database, "ensure_database"),
        (hospital_database, "open_to_its_roles"),
        (hospital_database, "apply_grants"),
        (hospital_database, "initialise"),
        (provisioning, "put_credentials"),
        (provisioning, "transition"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_killed_at_any_step_it_resumes(
    central: CentralDatabase,
    hospitals: HospitalMaker,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
    after: bool,
) -> None:
    operation_id = reserve_one(central, "bv-resume")
    kill_once(monkeypatch, where, name, after=after)
    with pytest.raises(Killed):
        hospitals.provisioner().run(operation_id)
    with central.database().unit_of_work() as uow:
        assert tenant_by_code(uow=uow, code="bv-resume").status == "provisioning"
    with pytest.raises(OperationRunning):
        hospitals.provisioner().run(operation_id)

    expire_leases(central)
    made = hospitals.provisioner().run(operation_id)

    hospital = Hospital(central=central, keychain=hospitals.keychain, provisioned=made, name="")
    for purpose in PURPOSES:
        with hospital.connect(purpose) as connection:
            connection.execute("SELECT 1")
    with pytest.raises(OperationUnknown):
        hospitals.provisioner().run(operation_id)


def test_what_stopped_it_is_on_record_and_it_can_be_tried_again(
    central: CentralDatabase, hospitals: HospitalMaker
) -> None:
    class Failing(BareInitialiser):
        def initialise(self, *, uow: UnitOfWork, central: UnitOfWork, hospital: NewHospital) -> FirstInvite:
            del uow, central, hospital
            raise OSError("the disk is full")

    operation_id = reserve_one(central, "bv-failing")
    working = hospitals.initialiser
    hospitals.initialiser = Failing()
    with pytest.raises(OSError, match="disk is full"):
        hospitals.provisioner().run(operation_id)
    with central.database().unit_of_work() as uow:
        tenant = tenant_by_code(uow=uow, code="bv-failing")
        assert tenant.status == "failed"
        failed = latest_operation(uow=uow, tenant=TenantId.parse(tenant.id))
        assert failed is not None
        assert failed.state == "failed"
        assert [step.get("error_code") for step in failed.steps if step["state"] == "failed"] == ["OSError"] * 2
        assert "disk" not in str(failed.steps)

    hospitals.initialiser = working
    assert hospitals.provisioner().resume(TenantId.parse(tenant.id)).status == "active"


def test_a_database_with_another_hospitals_fingerprint_is_refused(
    central: CentralDatabase, hospitals: HospitalMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation_id = reserve_one(central, "bv-wrong")
    kill_once(monkeypatch, hospital_database, "initialise", after=False)
    with pytest.raises(Killed):
        hospitals.provisioner().run(operation_id)
    with central.database().unit_of_work() as uow:
        tenant = TenantId.parse(tenant_by_code(uow=uow, code="bv-wrong").id)
    with psycopg.connect(central.servers.postgres.conninfo(database=database_name(tenant))) as connection:
        connection.execute("INSERT INTO hospital_identity (tenant_id) VALUES (gen_random_uuid())")
    expire_leases(central)
    with pytest.raises(hospital_database.WrongHospital):
        hospitals.provisioner().run(operation_id)


@pytest.mark.parametrize(
    "name",
    ["Bệnh viện 'Robert'); DROP TABLE tenants;--", 'Viện "Mắt" \\', "医院 🏥 Bệnh viện", "$$; SELECT pg_sleep(9); $$"],
)
def test_names_with_quotes_and_other_scripts_are_only_names(hospitals: HospitalMaker, name: str) -> None:
    hospital = hospitals.make(name=name)
    with hospital.central.database().unit_of_work() as uow:
        assert tenant_by_id(uow=uow, tenant=hospital.tenant).name == name


@pytest.mark.parametrize("code", ["", "a", "Bệnh-viện", "bv'; --", "bv_1", "x" * 51, "-bv", "bv-"])
def test_codes_are_narrow(central: CentralDatabase, code: str) -> None:
    with pytest.raises(InvalidIdentifier):
        reserve_one(central, code)


def test_quotas_plans_and_names_are_checked(central: CentralDatabase) -> None:
    bad = NewTenant(tenant_code="bv-quota", name="  ", subscription_plan="gold", max_users=0, max_storage_gb=10**7)
    with central.database().unit_of_work() as uow, pytest.raises(InvalidFields) as refused:
        reserve(uow=uow, new=bad, admin=ADMIN)
    assert set(refused.value.errors) == {"name", "subscription_plan", "max_users", "max_storage_gb"}


def test_code_and_domain_belong_to_one_hospital(central: CentralDatabase) -> None:
    first = NewTenant(tenant_code="bv-a", name="A", domain="a.example")
    with central.database().unit_of_work() as uow:
        reserve(uow=uow, new=first, admin=ADMIN)
        uow.commit()
    with central.database().unit_of_work() as uow, pytest.raises(TenantCodeTaken):
        reserve(uow=uow, new=NewTenant(tenant_code="BV-A ", name="B"), admin=ADMIN)
    with central.database().unit_of_work() as uow, pytest.raises(DomainTaken):
        reserve(uow=uow, new=NewTenant(tenant_code="bv-b", name="B", domain="A.example"), admin=ADMIN)


def test_the_template_is_closed_to_everybody(hospitals: HospitalMaker) -> None:
    hospital = hospitals.make()
    template = hospitals.provisioner().ensure_template()
    for purpose in PURPOSES:
        parameters = {**hospital.parameters(purpose), "dbname": template}
        with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
            psycopg.connect(**parameters)


def test_nobody_stays_a_member_of_the_owner(hospital: Hospital) -> None:
    with hospital.superuser() as connection:
        members = connection.execute(
            sql.SQL(
                "SELECT m.rolname, inherit_option, set_option FROM pg_auth_members a"
                " JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member"
                " WHERE starts_with(r.rolname, {})"
            ).format(sql.Literal(hospital.database_name))
        ).fetchall()
    assert {(name, inherit, acts) for name, inherit, acts in members} == {("sokham_provisioner", False, False)}
