"""Linking another hospital with that hospital's own code, and undoing it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import OperationalError

from central.auth.public import InvalidSecret
from central.patient_index.public import Identifier
from central.router.public import HospitalSuspended, HospitalUnknown, TenantRouter
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidIdentifier, NotFound, Unavailable
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from patient_portal.auth.pace import failures_in_step
from patient_portal.auth.sessions import SignedIn, patient_actor
from patient_portal.errors import AlreadyLinked, NoNumberHere
from patient_portal.hospitals.access import Member
from patient_portal.hospitals.links import OtherSide, add_link, end_links, ensure_account
from tenant_app.audit.public import record
from tenant_app.patients.public import patient_record
from tenant_app.portal.public import act_for, parse_code, redeem_code

log = get_logger(__name__)

_MIRROR = {"opens": "opened_by", "opened_by": "opens"}


@dataclass(frozen=True)
class Linking:
    """Both databases are written, each in a transaction of its own; the way is open only when both hold."""

    router: TenantRouter

    def link(self, *, uow: UnitOfWork, patient: SignedIn, activation_code: str) -> Member:
        """Link the hospital that gave this code; commits at both. `uow` is the request's, at home.

        The code is worth something only with the CCCD that home has of the person: both records are then of one person,
        as the other hospital proved. Raises InvalidSecret (a try is counted there), AlreadyLinked, NoNumberHere, or
        what the router raises; all in step.
        """
        with failures_in_step():
            try:
                return self._link(uow, patient, activation_code)
            except Exception:
                # Home's connection is not held until the answer's moment comes.
                uow.close()
                raise

    def _link(self, uow: UnitOfWork, patient: SignedIn, activation_code: str) -> Member:
        code = parse_code(activation_code)
        number = patient_record(uow=uow, patient_id=patient.patient_id).identifiers.get("cccd")
        try:
            route = self.router.route_by_code(code.tag)
        except (HospitalUnknown, HospitalSuspended, InvalidIdentifier):
            raise InvalidSecret from None
        if route.tenant == patient.tenant:
            raise AlreadyLinked
        if number is None:
            raise NoNumberHere
        with self.router.unit_of_work(route.tenant) as there:
            try:
                redeemed = redeem_code(uow=there, identifier=Identifier("cccd", number), code=code)
            except InvalidSecret:
                there.commit()
                raise
            account = ensure_account(uow=there, patient_id=redeemed.patient_id)
            if account.status != "active":
                raise InvalidSecret
            add_link(
                uow=there,
                account_id=account.id,
                direction="opened_by",
                other_tenant=patient.tenant,
                other_account_id=patient.account_id,
            )
            self._record(there, patient, tenant=route.tenant, account=account.id, whose=redeemed.patient_id)
            # An older link to another account there is of no use: the patient's present one takes its place.
            end_links(
                uow=uow, account_id=patient.account_id, reason="replaced", direction="opens", other_tenant=route.tenant
            )
            add_link(
                uow=uow,
                account_id=patient.account_id,
                direction="opens",
                other_tenant=route.tenant,
                other_account_id=account.id,
            )
            self._record(uow, patient, tenant=patient.tenant, account=patient.account_id, whose=patient.patient_id)
            # The code is used up first: were the second commit lost, the way would stay closed, not open.
            there.commit()
        uow.commit()
        return Member(tenant=route.tenant, tenant_code=route.tenant_code, name=route.name)

    def unlink(self, *, uow: UnitOfWork, patient: SignedIn, tenant_code: str) -> None:
        """Close the way to a hospital, here at once and there as soon as it answers. Raises NotFound."""
        tenant = self.router.lookup.by_code(tenant_code).tenant
        ended = end_links(
            uow=uow, account_id=patient.account_id, reason="unlinked", direction="opens", other_tenant=tenant
        )
        if not ended:
            raise NotFound("link")
        record(
            uow=uow,
            actor=patient.actor(),
            action="portal.unlink",
            resource_type="patient_user",
            resource_id=patient.account_id,
            patient_id=patient.patient_id,
        )
        uow.commit()
        uow.close()
        self.tell(home=patient.tenant, account_id=patient.account_id, ended=ended, reason="unlinked")

    def tell(self, *, home: TenantId, account_id: UUID, ended: Iterable[OtherSide], reason: str) -> None:
        """End the other sides of links that were ended here. What cannot be told now stays closed by this side."""
        for other in ended:
            try:
                with self.router.unit_of_work(other.tenant) as uow:
                    act_for(uow=uow, patient_id=None, account_id=other.account_id)
                    end_links(
                        uow=uow,
                        account_id=other.account_id,
                        reason=reason,
                        direction=_MIRROR[other.direction],
                        other_tenant=home,
                        other_account_id=account_id,
                    )
                    uow.commit()
            except (HospitalUnknown, HospitalSuspended, Unavailable, OperationalError) as away:
                log.warning("portal.link_end_not_told", tenant=other.tenant, error=type(away).__name__)

    def _record(self, uow: UnitOfWork, patient: SignedIn, *, tenant: TenantId, account: UUID, whose: UUID) -> None:
        record(
            uow=uow,
            actor=patient_actor(tenant=tenant, account_id=account, session_id=patient.session_id),
            action="portal.link",
            resource_type="patient_user",
            resource_id=account,
            patient_id=whose,
        )
