"""The life cycle of a hospital, versions of its route, sealed passwords, and central's rights."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
import pytest

from central import roles
from central.audit.public import record, security_event
from central.registry.public import (
    DatabasePlace,
    NewTenant,
    SqlDataKeyStore,
    Tenant,
    TenantUnknown,
    TransitionRefused,
    Unannounced,
    change_tenant,
    create_tenant,
    list_tenants,
    open_password,
    resume,
    seal_password,
    suspend,
    tenant_by_code,
    tenant_by_id,
)
from central.registry.rules import TRANSITIONS, may_become
from central.registry.service import put_credentials, transition
from kernel.errors import InvalidFields, PreconditionFailed
from kernel.ids import TenantId
from keys.public import PROCESSES, Keychain, KeyRefused, LocalKeyring, Undecryptable
from tests.support.databases import CentralDatabase

PLACE = DatabasePlace(host="127.0.0.1", port=5432, database="h_1", username="h_1_app")


class Heard:
    def __init__(self) -> None:
        self.announced: list[tuple[TenantId, int]] = []

    def announce(self, tenant: TenantId, route_version: int) -> None:
        self.announced.append((tenant, route_version))


def make(central: CentralDatabase, code: str = "bv-a", status: str = "provisioning") -> TenantId:
    with central.database().unit_of_work() as uow:
        row = create_tenant(uow=uow, new=NewTenant(tenant_code=code, name="Bệnh viện A"))
        uow.commit()
        tenant = TenantId.parse(row.id)
    if status != "provisioning":
        with central.superuser() as connection:
            connection.execute("UPDATE tenants SET status = %s WHERE id = %s", (status, tenant))
    return tenant


def route_version(central: CentralDatabase, tenant: TenantId) -> int:
    with central.superuser() as connection:
        row = connection.execute("SELECT route_version FROM tenants WHERE id = %s", (tenant,)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("present", sorted(TRANSITIONS))
@pytest.mark.parametrize("wanted", sorted(TRANSITIONS))
def test_only_the_life_cycles_own_steps_are_taken(central: CentralDatabase, present: str, wanted: str) -> None:
    tenant = make(central, status=present)
    heard = Heard()
    with central.database().unit_of_work() as uow:
        if may_become(present, wanted) or present == wanted:
            assert transition(uow=uow, tenant=tenant, to=wanted, announcer=heard).status == wanted
        else:
            with pytest.raises(TransitionRefused):
                transition(uow=uow, tenant=tenant, to=wanted, announcer=heard)
        assert heard.announced == []
        uow.commit()
    expected = [(tenant, route_version(central, tenant))] if may_become(present, wanted) else []
    assert heard.announced == expected


def test_resume_is_for_suspended_hospitals_only(central: CentralDatabase) -> None:
    tenant = make(central)
    with central.database().unit_of_work() as uow, pytest.raises(TransitionRefused):
        resume(uow=uow, tenant=tenant, announcer=Unannounced())


def test_every_change_of_a_route_raises_its_version(central: CentralDatabase, keychain: Keychain) -> None:
    tenant, other = make(central, status="active"), make(central, "bv-b", status="active")
    versions = [route_version(central, tenant)]
    others = route_version(central, other)
    heard = Heard()
    with central.database().unit_of_work() as uow:
        suspend(uow=uow, tenant=tenant, announcer=heard)
        uow.commit()
    versions.append(route_version(central, tenant))
    for _ in range(2):
        with central.database().unit_of_work() as uow:
            put_credentials(uow=uow, keychain=keychain, tenant=tenant, logins={"app": (PLACE, "secret")})
            uow.commit()
        versions.append(route_version(central, tenant))
    with central.superuser() as connection:
        connection.execute("DELETE FROM tenant_credentials WHERE tenant_id = %s", (tenant,))
    versions.append(route_version(central, tenant))
    assert versions == sorted(set(versions))
    assert route_version(central, other) == others


def test_an_update_needs_the_version_last_seen(central: CentralDatabase) -> None:
    tenant = make(central, status="active")
    heard = Heard()
    with central.database().unit_of_work() as uow:
        seen = tenant_by_id(uow=uow, tenant=tenant).version
        changed = change_tenant(
            uow=uow, tenant=tenant, changes={"max_users": 7}, expected_version=seen, announcer=heard
        )
        uow.commit()
        assert (changed.max_users, changed.version) == (7, seen + 1)
    with central.database().unit_of_work() as uow, pytest.raises(PreconditionFailed):
        change_tenant(uow=uow, tenant=tenant, changes={"max_users": 8}, expected_version=seen, announcer=heard)
    with central.database().unit_of_work() as uow, pytest.raises(InvalidFields):
        change_tenant(uow=uow, tenant=tenant, changes={"status": "x"}, expected_version=seen + 1, announcer=heard)
    assert heard.announced == [(tenant, route_version(central, tenant))]


def test_hospitals_are_listed_by_code_in_pages(central: CentralDatabase) -> None:
    for code in ("bv-c", "bv-a", "bv-b"):
        make(central, code)
    with central.database().unit_of_work() as uow:
        first = list_tenants(uow=uow, limit=2)
        rest = list_tenants(uow=uow, limit=2, after=first[-1].tenant_code)
        assert [row.tenant_code for row in (*first, *rest)] == ["bv-a", "bv-b", "bv-c"]
        assert list_tenants(uow=uow, limit=5, status="active") == []
        assert isinstance(tenant_by_code(uow=uow, code=" BV-A "), Tenant)
        with pytest.raises(TenantUnknown):
            tenant_by_code(uow=uow, code="bv-z")


def test_an_edited_or_swapped_row_does_not_open(central: CentralDatabase, keychain: Keychain) -> None:
    tenant, other = make(central), make(central, "bv-b")
    credential_id = uuid4()
    with central.database().unit_of_work() as uow:
        store = SqlDataKeyStore(uow)

        def sealed_for(owner: TenantId, place: DatabasePlace, row: UUID) -> tuple[str, UUID]:
            return seal_password(
                "s3cret",
                tenant=owner,
                purpose="app",
                credential_id=row,
                place=place,
                keychain=keychain,
                store=store,
            )

        def opened(**changes: object) -> str:
            sealed, dek = sealed_for(tenant, PLACE, credential_id)
            route = {
                "tenant_id": tenant,
                "credential_id": credential_id,
                "database_host": PLACE.host,
                "database_port": PLACE.port,
                "database_name": PLACE.database,
                "database_username": PLACE.username,
                "database_password_encrypted": sealed,
                "encryption_key_id": dek,
            } | changes
            return open_password(route=SimpleNamespace(**route), purpose="app", keychain=keychain, store=store)

        assert opened() == "s3cret"
        foreign, foreign_dek = sealed_for(other, replace(PLACE, database="h_2"), credential_id)
        for changes in (
            {"database_host": "10.0.0.9"},
            {"database_port": 5433},
            {"database_name": "h_2"},
            {"database_username": "h_1_migrate"},
            {"credential_id": uuid4()},
            {"tenant_id": other},
            {"encryption_key_id": uuid4()},
            {"database_password_encrypted": foreign},
            {"database_password_encrypted": foreign, "encryption_key_id": foreign_dek},
        ):
            with pytest.raises((Undecryptable, KeyRefused)):
                opened(**changes)


def test_centrals_own_process_seals_passwords_that_it_cannot_read(
    central: CentralDatabase, keyring_path: Path, keys: LocalKeyring
) -> None:
    tenant = make(central)
    sealing = Keychain(LocalKeyring(keyring_path, policy=PROCESSES["central"]))
    with central.database().unit_of_work() as uow:
        put_credentials(uow=uow, keychain=sealing, tenant=tenant, logins={"app": (PLACE, "s3cret")})
        uow.commit()
    with central.connect(roles.CONSOLE) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT database_password_encrypted FROM tenant_credentials")
    with central.connect(roles.ROUTE) as connection:
        row = connection.execute(
            "SELECT credential_id, database_password_encrypted, encryption_key_id FROM route_tenant(%s, 'app')",
            (tenant,),
        ).fetchone()
    assert row is not None
    route = SimpleNamespace(
        tenant_id=tenant,
        credential_id=row[0],
        database_host=PLACE.host,
        database_port=PLACE.port,
        database_name=PLACE.database,
        database_username=PLACE.username,
        database_password_encrypted=row[1],
        encryption_key_id=row[2],
    )
    with central.database().unit_of_work() as uow:
        store = SqlDataKeyStore(uow)
        with pytest.raises(KeyRefused):
            open_password(
                route=route,
                purpose="app",
                keychain=Keychain(LocalKeyring(keyring_path, policy=PROCESSES["central"])),
                store=store,
            )
        assert open_password(route=route, purpose="app", keychain=Keychain(keys), store=store) == "s3cret"


def test_audit_rows_stand_or_fall_with_their_transaction_and_stay(central: CentralDatabase) -> None:
    tenant = make(central)
    with central.database().unit_of_work() as uow:
        record(uow=uow, actor=None, action="tenant.show", resource_type="tenant", resource_id=tenant, tenant=tenant)
        uow.flush()
    with central.database().unit_of_work() as uow:
        record(
            uow=uow,
            actor=None,
            action="tenant.change",
            resource_type="tenant",
            resource_id=tenant,
            tenant=tenant,
            changed=("name", "domain"),
            reason="asked by the hospital",
        )
        security_event(uow=uow, event="route_refused", risk="critical", tenant=tenant, details={"purpose": "app"})
        uow.commit()
    with central.connect(roles.CONSOLE) as connection:
        rows = connection.execute("SELECT action, actor_name, new_values, reason FROM admin_audit_logs").fetchall()
        assert rows == [("tenant.change", "command line", {"changed": ["domain", "name"]}, "asked by the hospital")]
        assert connection.execute("SELECT security_event, risk_level FROM security_audit_logs").fetchall() == [
            ("route_refused", "critical")
        ]
        for statement in (
            "UPDATE admin_audit_logs SET action = 'x'",
            "DELETE FROM admin_audit_logs",
            "TRUNCATE admin_audit_logs",
            "DELETE FROM security_audit_logs",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_audit_has_a_partition_for_each_of_the_next_twelve_months(central: CentralDatabase) -> None:
    with central.connect(roles.SEAL) as connection:
        assert connection.execute("SELECT ensure_audit_partitions()").fetchone() == (0,)
        assert connection.execute("SELECT ensure_audit_partitions(14)").fetchone() == (4,)
    with central.superuser() as connection:
        for table in ("admin_audit_logs", "security_audit_logs"):
            made = connection.execute(
                "SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass", (table,)
            ).fetchone()
            assert made == (15,)
        columns = "(id, created_at, actor_name, action, resource_type)"
        with pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
            connection.execute(
                f"INSERT INTO admin_audit_logs {columns} VALUES (uuidv7(), now() + interval '5 years', 'a', 'b', 'c')"  # noqa: S608 - constants.
            )
        connection.execute(
            f"INSERT INTO admin_audit_logs {columns} VALUES (uuidv7(), now() + interval '1 year', 'a', 'b', 'c')"  # noqa: S608 - constants.
        )


def test_the_route_role_asks_functions_and_reads_no_table(central: CentralDatabase) -> None:
    tenant = make(central, status="active")
    with central.connect(roles.ROUTE) as connection:
        found = connection.execute("SELECT tenant_id, status, database_name FROM route_tenant(%s, 'app')", (tenant,))
        assert found.fetchall() == [(tenant, "active", None)]
        by_code = connection.execute("SELECT tenant_id FROM route_tenant_by_code('bv-a', 'app')")
        assert by_code.fetchall() == [(tenant,)]
        assert connection.execute("SELECT * FROM route_tenant(gen_random_uuid(), 'app')").fetchall() == []
        connection.execute("SELECT record_security_event(%s, 'test', 'low', NULL)", (tenant,))
        for table in ("tenants", "tenant_credentials", "data_keys", "signing_keys", "security_audit_logs"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(table)))
