"""Two hospitals that are made once for a worker of the run; each test gets copies of them as they were then.

Making a hospital takes several times as long as copying its databases, and most tests are about something else. Ids,
codes and roles are the same in each copy, so one test has them at a time. Whoever changed the roles spoils them for the
next test, which then gets two others.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from central import roles
from central.provisioning.names import PURPOSES, database_name, role_name
from central.provisioning.service import Provisioned
from keys.public import Keychain, LocalKeyring
from tenant_app.hospital.initialise import HospitalStart
from tests.support.databases import CentralDatabase, administrator, clone_central, drop_database
from tests.support.hospitals import HospitalMaker
from tests.support.servers import Servers

NAMES = ("Bệnh viện Đa khoa Hồng Hà", "Phòng khám Nhi Đồng Sông Tiền")
_KEPT = "_kept"
# All that a role is, and whose it is a member of.
_ROLES = """
SELECT (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.rolname) FROM pg_authid r WHERE r.rolname ~ %(ours)s)::text,
    (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.oid) FROM pg_auth_members m
     JOIN pg_roles r ON r.oid IN (m.roleid, m.member) WHERE r.rolname ~ %(ours)s)::text
"""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two, and central as it was when they had been made."""

    central: str
    provisioned: tuple[Provisioned, Provisioned]
    # Database → its owner and the roles that may connect.
    databases: Mapping[str, tuple[str, tuple[str, ...]]]
    roles: tuple[str, ...]

    @property
    def hospitals(self) -> list[str]:
        """Their databases."""
        return [database_name(each.tenant) for each in self.provisioned]


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What one test got of it."""

    central: CentralDatabase
    provisioned: tuple[Provisioned, Provisioned]


@dataclass(kw_only=True)
class Standing:
    """Keeps the pair of this worker."""

    servers: Servers
    keys: LocalKeyring
    central_template: str
    _pair: Pair | None = field(default=None)

    @contextmanager
    def copied(self) -> Iterator[Copied]:
        """Copies for one test, which go at its end."""
        pair = self._pair = self._pair or self._made()
        central = CentralDatabase(servers=self.servers, name=pair.central)
        with administrator(self.servers) as admin:
            for name, (owner, to) in pair.databases.items():
                # Copying the files is quicker than by the log where nothing has to survive a fall of the machine.
                _copy(admin, name + _KEPT, name, owner=owner)
                roles.open_database(admin, database=name, owner=owner, to=to)
        try:
            yield Copied(central=central, provisioned=pair.provisioned)
        finally:
            central.close()
            with administrator(self.servers) as admin:
                for name in pair.databases:
                    _drop(admin, name)
                spoilt = _roles_of(admin, pair.hospitals) != pair.roles
            if spoilt:
                self.close()

    def close(self) -> None:
        """Drop the pair."""
        if self._pair is not None:
            with administrator(self.servers) as admin:
                for name in self._pair.databases:
                    _drop(admin, name + _KEPT)
            for name in self._pair.hospitals:
                drop_database(self.servers, name, role_prefix=f"{name}_")
            self._pair = None

    def _made(self) -> Pair:
        """By the product's own service; then put aside."""
        central = clone_central(self.servers, self.central_template)
        keychain = Keychain(self.keys)
        maker = HospitalMaker(central=central, keychain=keychain, initialiser=HospitalStart(keychain=keychain))
        made = [maker.make(name=name) for name in NAMES]
        for hospital in made:
            hospital.close()
        central.close()
        databases = {central.name: (roles.OWNER, tuple(roles.IN_CENTRAL))} | {
            hospital.database_name: (
                role_name(hospital.database_name, "migrate"),
                tuple(role_name(hospital.database_name, purpose) for purpose in PURPOSES),
            )
            for hospital in made
        }
        with administrator(self.servers) as admin:
            for name in databases:
                quoted = sql.Identifier(name)
                admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(quoted))
                admin.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
                )
                admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(quoted, sql.Identifier(name + _KEPT)))
            first, second = made
            return Pair(
                central=central.name,
                provisioned=(first.provisioned, second.provisioned),
                databases=databases,
                roles=_roles_of(admin, [hospital.database_name for hospital in made]),
            )


def _copy(admin: psycopg.Connection[Any], template: str, name: str, *, owner: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY ALLOW_CONNECTIONS false")
    admin.execute(statement.format(sql.Identifier(name), sql.Identifier(owner), sql.Identifier(template)))


def _drop(admin: psycopg.Connection[Any], name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _roles_of(admin: psycopg.Connection[Any], databases: list[str]) -> tuple[str, ...]:
    found = admin.execute(_ROLES, {"ours": f"^({'|'.join(databases)})_"}).fetchone()
    assert found is not None
    return tuple(map(str, found))
