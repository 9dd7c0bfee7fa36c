"""What signed-in people do with their own second factor. Each call works in the request's own transaction.

To set it up, exchange it or switch it off, the password is typed again, and a present factor is proven: a browser left
open gives nobody the account.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from central.auth import totp
from central.auth.factor_errors import FactorDemanded, WrongOtp
from central.auth.factors import FactorState, SecondFactors
from central.auth.sessions import Sessions, Visitor
from central.auth.signing_in import WrongPassword
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolment:
    """A secret on its way into the owner's app; `address` is what the QR code holds."""

    secret: str
    address: str

    @property
    def typed(self) -> str:
        """The secret for who types it."""
        return totp.for_typing(self.secret)

    def __repr__(self) -> str:
        return "Enrolment()"


class OwnSecondFactor(ABC):
    """The second factor of the actor of a request."""

    def __init__(self, *, factors: SecondFactors, sessions: Sessions) -> None:
        self._factors = factors
        self._sessions = sessions

    def state(self, *, uow: UnitOfWork, actor: Actor) -> FactorState:
        """Whether it is on."""
        return self._factors.state(uow=uow, account_id=actor.id)

    def enrol(self, *, uow: UnitOfWork, actor: Actor, password: str, otp: str, visitor: Visitor) -> Enrolment:
        """A new secret; a present factor is proven with `otp` and goes on until the new one is confirmed.

        Raises WrongPassword and WrongOtp (the edge commits what was counted), SignInLocked.
        """
        self._prove(uow, actor, password, otp, visitor)
        secret = self._factors.begin(uow=uow, tenant=actor.tenant, account_id=actor.id, session_id=actor.session_id)
        self._record(uow=uow, actor=actor, action="auth.mfa_enrol")
        return self._enrolment(actor, secret)

    def pending(self, *, uow: UnitOfWork, actor: Actor) -> Enrolment | None:
        """The secret that waits for its first code, in the session that asked for it."""
        secret = self._factors.pending(uow=uow, tenant=actor.tenant, account_id=actor.id, session_id=actor.session_id)
        return self._enrolment(actor, secret) if secret is not None else None

    def confirm(self, *, uow: UnitOfWork, actor: Actor, otp: str) -> list[str]:
        """The first code: the factor is on, other sessions end. Returns the recovery codes, shown this once.

        Raises NoPendingFactor, WrongOtp.
        """
        codes = self._factors.confirm(
            uow=uow, tenant=actor.tenant, account_id=actor.id, session_id=actor.session_id, otp=otp
        )
        self._sessions.note_factor(uow=uow, session_id=actor.session_id, proven=True)
        self._sessions.end_all(uow=uow, account_id=actor.id, reason="mfa_changed", but=actor.session_id)
        self._record(uow=uow, actor=actor, action="auth.mfa_enable")
        return codes

    def renew_recovery_codes(
        self, *, uow: UnitOfWork, actor: Actor, password: str, otp: str, visitor: Visitor
    ) -> list[str]:
        """Ten others in place of those that are left. Raises as `enrol`, and NoPendingFactor without a factor."""
        self._prove(uow, actor, password, otp, visitor)
        codes = self._factors.renew_recovery_codes(uow=uow, tenant=actor.tenant, account_id=actor.id)
        self._sessions.note_factor(uow=uow, session_id=actor.session_id, proven=True)
        self._record(uow=uow, actor=actor, action="auth.mfa_recovery_codes")
        return codes

    def switch_off(self, *, uow: UnitOfWork, actor: Actor, password: str, otp: str, visitor: Visitor) -> None:
        """Only the password is asked for from then on; other sessions end. Raises as `enrol`, and FactorDemanded."""
        if actor.mfa_required:
            raise FactorDemanded
        self._prove(uow, actor, password, otp, visitor)
        self._factors.remove(uow=uow, account_id=actor.id)
        self._sessions.note_factor(uow=uow, session_id=actor.session_id, proven=False)
        self._sessions.end_all(uow=uow, account_id=actor.id, reason="mfa_changed", but=actor.session_id)
        self._record(uow=uow, actor=actor, action="auth.mfa_disable")

    def _prove(self, uow: UnitOfWork, actor: Actor, password: str, otp: str, visitor: Visitor) -> None:
        try:
            self._require_password(uow=uow, actor=actor, password=password, visitor=visitor)
            if self.state(uow=uow, actor=actor).enabled:
                self._factors.check(uow=uow, tenant=actor.tenant, account_id=actor.id, otp=otp, visitor=visitor)
        except (WrongPassword, WrongOtp):
            self._record(uow=uow, actor=actor, action="auth.mfa_refused")
            raise

    def _enrolment(self, actor: Actor, secret: str) -> Enrolment:
        address = totp.app_address(secret, issuer=self._issuer(), name=actor.name)
        return Enrolment(secret=secret, address=address)

    @abstractmethod
    def _issuer(self) -> str:
        """What the app writes over the code, so that its owner knows what it is for."""

    @abstractmethod
    def _require_password(self, *, uow: UnitOfWork, actor: Actor, password: str, visitor: Visitor) -> None:
        """Raises WrongPassword naming `password`, SignInLocked."""

    @abstractmethod
    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        """Note in the audit log what the actor did with the own factor."""
