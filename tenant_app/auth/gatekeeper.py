"""Recognises staff: the token names hospital and session; the row in that hospital's database decides.

One query, in the request's own transaction, answers whether the session lives, what the person may do and where. From
here on the transaction sees no appointment and no number of a department beyond that.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import g, request
from sqlalchemy import Select, bindparam, select

from central.auth.public import Gate
from central.router.public import HospitalHosts, TenantRouter
from kernel.errors import SessionEnded
from kernel.ids import TenantId, parse_uuid
from kernel.telemetry import logs
from kernel.web.access import Access, shows_somebody
from kernel.web.actor import Actor
from kernel.web.collaborators import hold_unit_of_work
from kernel.web.requests import of_api
from tenant_app.auth.service import StaffSessions
from tenant_app.auth.standing import read_rights, rights_columns
from tenant_app.notices.public import Notice, unread_of
from tenant_app.reach.rows import limit
from tenant_app.reach.rules import Reach
from tenant_app.staff.models import StaffSession, User


@dataclass(frozen=True, kw_only=True, slots=True)
class Hospital:
    """The hospital of this request, for templates."""

    tenant: TenantId
    code: str
    name: str


@dataclass(frozen=True)
class StaffGatekeeper:
    """Admits staff to their own hospital."""

    gate: Gate
    router: TenantRouter
    sessions: StaffSessions
    hosts: HospitalHosts

    def admit(self, access: Access) -> Actor:
        """The member of staff of this request; raises SessionEnded, Unauthenticated, or what the router raises."""
        claims = self.gate.claims()
        tenant = TenantId.parse(claims["tenant"])
        self.hosts.require(request.host.partition(":")[0], tenant)
        route = self.router.route(tenant)
        uow = hold_unit_of_work(self.router.unit_of_work(tenant))
        session_id = parse_uuid(claims["sid"], what="session")
        # On the connection, since nothing of it is mapped: the mapper took a third of the question's time.
        asked = self._standing if of_api() else self._standing_for_a_page
        found = uow.session.connection().execute(asked, {"session_id": session_id}).one_or_none()
        if found is None:
            raise SessionEnded
        rights = read_rights(found)
        g.unread_notices = getattr(found, "unread", 0)
        if shows_somebody(access):
            self.sessions.touch(uow=uow, session_id=session_id, last_seen_at=found.last_seen_at)
        g.hospital = Hospital(tenant=tenant, code=route.tenant_code, name=route.name)
        logs.bind(tenant=tenant, actor=found.id, actor_kind="staff")
        if rights.departments is not None:
            limit(uow, Reach(user_id=found.id, departments=rights.departments))
        return Actor(
            kind="staff",
            id=found.id,
            session_id=session_id,
            name=found.full_name,
            role=found.role,
            permissions=rights.permissions,
            tenant=tenant,
            department_id=found.own_department,
            mfa_at=found.mfa_at,
            mfa_required=rights.mfa_required,
            mfa_from=rights.mfa_from,
            departments=rights.departments,
        )

    @cached_property
    def _standing(self) -> Select[Any]:
        """Whose session it is and what they may do. Built once: building it took an eighth of a whole request."""
        return (
            select(
                User.id,
                User.full_name,
                User.role,
                StaffSession.last_seen_at,
                StaffSession.mfa_at,
                *rights_columns(),
            )
            .join(StaffSession, StaffSession.account_id == User.id)
            .where(StaffSession.id == bindparam("session_id"), User.status == "active", *self.sessions.living())
        )

    @cached_property
    def _standing_for_a_page(self) -> Select[Any]:
        """The same with what the bell of every page says, so that it costs no question of its own."""
        return self._standing.add_columns(unread_of(Notice, User.id).label("unread"))
