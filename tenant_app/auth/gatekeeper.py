"""Recognises staff: the token names hospital and session; the row in that hospital's database decides.

One query, in the request's own transaction, answers whether the session lives and what the person may do.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import g, request
from sqlalchemy import Select, bindparam, func, select

from central.auth.public import Gate
from central.router.public import HospitalHosts, TenantRouter
from kernel.errors import SessionEnded
from kernel.ids import TenantId, parse_uuid
from kernel.telemetry import logs
from kernel.web.access import Access
from kernel.web.actor import Actor
from kernel.web.collaborators import hold_unit_of_work
from tenant_app.auth.service import StaffSessions
from tenant_app.staff.models import Role, StaffSession, User, UserRole


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
        del access
        claims = self.gate.claims()
        tenant = TenantId.parse(claims["tenant"])
        self.hosts.require(request.host.partition(":")[0], tenant)
        route = self.router.route(tenant)
        uow = hold_unit_of_work(self.router.unit_of_work(tenant))
        session_id = parse_uuid(claims["sid"], what="session")
        found = uow.session.execute(self._standing, {"session_id": session_id}).one_or_none()
        if found is None:
            raise SessionEnded
        user_id, full_name, role, department_id, last_seen_at, mfa_at, rights = found
        permissions, mfa_required = rights
        self.sessions.touch(uow=uow, session_id=session_id, last_seen_at=last_seen_at)
        g.hospital = Hospital(tenant=tenant, code=route.tenant_code, name=route.name)
        logs.bind(tenant=tenant, actor=user_id, actor_kind="staff")
        return Actor(
            kind="staff",
            id=user_id,
            session_id=session_id,
            name=full_name,
            role=role,
            permissions=frozenset(name for each in permissions or () for name in each),
            tenant=tenant,
            department_id=department_id,
            mfa_at=mfa_at,
            mfa_required=bool(mfa_required),
        )

    @cached_property
    def _standing(self) -> Select[Any]:
        """Whose session it is and what they may do. Built once: building it took an eighth of a whole request."""
        granted = (
            select(func.jsonb_build_array(func.jsonb_agg(Role.permissions), func.bool_or(Role.mfa_required)))
            .join(UserRole, UserRole.role_id == Role.id)
            .where(UserRole.user_id == User.id)
            .scalar_subquery()
        )
        return (
            select(
                User.id,
                User.full_name,
                User.role,
                User.department_id,
                StaffSession.last_seen_at,
                StaffSession.mfa_at,
                granted,
            )
            .join(StaffSession, StaffSession.account_id == User.id)
            .where(StaffSession.id == bindparam("session_id"), User.status == "active", *self.sessions.living())
        )
