"""Going on from home to the other hospitals of a session, one at a time and each on its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy.exc import OperationalError

from central.router.public import HospitalSuspended, HospitalUnknown, TenantRouter
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound, Unavailable
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.web.actor import Actor
from patient_portal.auth.sessions import SignedIn, patient_actor
from patient_portal.hospitals.links import account_for, opened_by_account
from tenant_app.portal.public import act_for

log = get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A hospital of the session; `home` is the one whose account is signed in."""

    tenant: TenantId
    tenant_code: str
    name: str
    home: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A transaction at one hospital that acts for the patient there."""

    uow: UnitOfWork
    actor: Actor
    patient_id: UUID


@dataclass(frozen=True, slots=True)
class Gathered(Generic[T]):
    """What each hospital answered, home first, and which of them could not."""

    found: list[tuple[Member, T]] = field(default_factory=list)
    unavailable: list[Member] = field(default_factory=list)


@dataclass(frozen=True)
class HospitalAccess:
    """The hospitals of a session, and ways into them."""

    router: TenantRouter

    def members(self, *, uow: UnitOfWork, patient: SignedIn) -> list[Member]:
        """Home, then the linked ones as home's rows say; `uow` is at home."""
        home = Member(tenant=patient.tenant, tenant_code=patient.tenant_code, name=patient.hospital_name, home=True)
        others = opened_by_account(uow=uow, account_id=patient.account_id)
        return [home, *(self._member(other.tenant) for other in others)]

    @contextmanager
    def enter(self, *, patient: SignedIn, tenant: TenantId) -> Iterator[Visit]:
        """A transaction at a linked hospital; the link is checked there, in it. Raises NotFound where it has ended."""
        with self.router.unit_of_work(tenant) as uow:
            yield self.visit(uow=uow, patient=patient, tenant=tenant)

    def visit(self, *, uow: UnitOfWork, patient: SignedIn, tenant: TenantId) -> Visit:
        """The same in a transaction that the caller opened and closes."""
        found = account_for(uow=uow, home=patient.tenant, account_id=patient.account_id)
        if found is None:
            raise NotFound("link")
        account_id, patient_id = found
        act_for(uow=uow, patient_id=patient_id, account_id=account_id)
        actor = patient_actor(
            tenant=tenant,
            account_id=account_id,
            session_id=patient.session_id,
            name=patient.name,
            mfa_at=patient.mfa_at,
        )
        return Visit(uow=uow, actor=actor, patient_id=patient_id)

    def gather(self, *, uow: UnitOfWork, patient: SignedIn, work: Callable[[Visit], T]) -> Gathered[T]:
        """`work` at each hospital of the session, home first, each in its own transaction, which is committed.

        `uow`, the request's own, is at home; it is committed and given back before the next hospital is asked, so that
        a request never waits for one hospital while it holds another's connection. A hospital that does not answer is
        named instead of failing the others; one that has ended the link is left out.
        """
        members = self.members(uow=uow, patient=patient)
        gathered: Gathered[T] = Gathered()
        here = Visit(uow=uow, actor=patient.actor(), patient_id=patient.patient_id)
        gathered.found.append((members[0], work(here)))
        uow.commit()
        uow.close()
        for member in members[1:]:
            try:
                with self.enter(patient=patient, tenant=member.tenant) as visit:
                    gathered.found.append((member, work(visit)))
                    visit.uow.commit()
            except (Unavailable, HospitalSuspended, OperationalError) as away:
                log.warning("portal.hospital_away", tenant=member.tenant, error=type(away).__name__)
                gathered.unavailable.append(member)
            except (HospitalUnknown, NotFound):
                continue
        return gathered

    def _member(self, tenant: TenantId) -> Member:
        try:
            route = self.router.lookup.by_id(tenant)
        except (Unavailable, HospitalUnknown):
            # Central is away and nothing is known here: the hospital is still one of theirs, and named by its id.
            return Member(tenant=tenant, tenant_code=str(tenant), name=str(tenant))
        return Member(tenant=tenant, tenant_code=route.tenant_code, name=route.name)
