"""Recognises patients: the token names the home hospital and the session; the row in its database decides.

A path that names another hospital is open where home's link and that hospital's own both live: the first is read in the
transaction that checked the session, the second in the one that does the request's work, at that hospital.
"""

from dataclasses import dataclass

from flask import g, request
from sqlalchemy import exists, select

from central.auth.public import Gate
from central.router.public import HospitalHosts, TenantRoute, TenantRouter
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound, SessionEnded, Unauthenticated
from kernel.ids import TenantId, parse_uuid
from kernel.telemetry import logs
from kernel.web.access import Access, shows_somebody
from kernel.web.actor import Actor
from kernel.web.collaborators import hold_unit_of_work
from patient_portal.auth.sessions import PatientSessions, SignedIn
from patient_portal.hospitals.access import HospitalAccess
from patient_portal.hospitals.links import opened_by_account
from tenant_app.notices.public import PatientNotice, unread_of
from tenant_app.patients.public import Patient
from tenant_app.portal.public import PatientLink, PatientSession, PatientUser, act_for

HOSPITAL_IN_PATH = "tenant_code"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hospital:
    """The hospital that the path names, for templates."""

    tenant: TenantId
    code: str
    name: str


@dataclass(frozen=True)
class PatientGatekeeper:
    """Admits patients to their own hospital and the linked ones."""

    gate: Gate
    router: TenantRouter
    sessions: PatientSessions
    access: HospitalAccess
    hosts: HospitalHosts

    def admit(self, access: Access) -> Actor:
        """The patient of this request, at the hospital that the path names, else at home.

        Raises SessionEnded, Unauthenticated; NotFound for a hospital that is not the session's; what the router raises.
        """
        claims = self.gate.claims()
        home = TenantId.parse(claims["tenant"])
        self.hosts.require(request.host.partition(":")[0], home)
        route = self.router.route(home)
        uow = hold_unit_of_work(self.router.unit_of_work(home))
        patient = self._signed_in(uow, route, access, account=claims["sub"], session=claims["sid"])
        g.patient = patient
        logs.bind(tenant=home, actor=patient.account_id, actor_kind="patient")
        # Known from here on: where the hospital of the path is away, or not theirs, the navigation stays.
        g.actor = patient.actor()
        code = (request.view_args or {}).get(HOSPITAL_IN_PATH)
        if code is None:
            return patient.actor()
        return self._go_on(uow, patient, code)

    def _signed_in(
        self, uow: UnitOfWork, route: TenantRoute, access: Access, *, account: object, session: object
    ) -> SignedIn:
        account_id = parse_uuid(account, what="account")
        session_id = parse_uuid(session, what="session")
        act_for(uow=uow, patient_id=None, account_id=account_id)
        found = uow.session.execute(
            select(PatientUser.patient_id, PatientSession.last_seen_at, PatientSession.mfa_at)
            .join(PatientSession, PatientSession.account_id == PatientUser.id)
            .where(
                PatientUser.id == account_id,
                PatientUser.status == "active",
                PatientSession.id == session_id,
                *self.sessions.living(),
            )
        ).one_or_none()
        if found is None:
            raise SessionEnded
        patient_id, last_seen_at, mfa_at = found
        act_for(uow=uow, patient_id=patient_id, account_id=account_id)
        # With it what the bell of every page shows, so that it costs no question of its own.
        linked = exists().where(
            PatientLink.account_id == account_id, PatientLink.direction == "opens", PatientLink.ended_at.is_(None)
        )
        person = uow.session.execute(
            select(
                Patient.full_name, unread_of(PatientNotice, Patient.id).label("unread"), linked.label("linked")
            ).where(Patient.id == patient_id, Patient.status == "active")
        ).one_or_none()
        if person is None:
            raise Unauthenticated
        g.unread_notices, g.has_linked = person.unread, person.linked
        if shows_somebody(access):
            self.sessions.touch(uow=uow, session_id=session_id, last_seen_at=last_seen_at)
        return SignedIn(
            tenant=route.tenant,
            tenant_code=route.tenant_code,
            hospital_name=route.name,
            account_id=account_id,
            patient_id=patient_id,
            session_id=session_id,
            name=person.full_name,
            mfa_at=mfa_at,
        )

    def _go_on(self, home: UnitOfWork, patient: SignedIn, code: str) -> Actor:
        """Where the path leads. What is not the session's, and what does not exist, is the same 404."""
        route = self.router.lookup.by_code(code)
        here = Hospital(tenant=route.tenant, code=route.tenant_code, name=route.name)
        if route.tenant == patient.tenant:
            g.hospital = here
            return patient.actor()
        links = opened_by_account(uow=home, account_id=patient.account_id)
        if route.tenant not in {other.tenant for other in links}:
            raise NotFound("hospital")
        # Home's part is over; its connection is given back before another hospital's is asked for.
        home.commit()
        home.close()
        there = hold_unit_of_work(self.router.unit_of_work(route.tenant))
        visit = self.access.visit(uow=there, patient=patient, tenant=route.tenant)
        logs.bind(tenant=route.tenant, actor=visit.actor.id)
        g.hospital, g.patient_there = here, visit.patient_id
        return visit.actor
