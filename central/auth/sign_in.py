"""One sign-in, invite or refresh of an administrator: each is one transaction on central's database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from central.audit.public import security_event
from central.auth.administrators import AdministratorFactors, AdministratorSessions, AdministratorSignIn
from central.auth.factor_errors import OtpRefused, OtpRequired
from central.auth.factors import Proof
from central.auth.models import Administrator
from central.auth.secrets import CENTRAL_TAG, InvalidSecret, parse_secret
from central.auth.sessions import RefreshReplayed, Tokens, Visitor
from central.auth.signing_in import Invited, SignInFailed
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class ConsoleSignIn:
    """What the API and the pages of signing in do."""

    database: Database
    accounts: AdministratorSignIn
    sessions: AdministratorSessions
    factors: AdministratorFactors

    def sign_in(self, *, username: str, password: str, otp: str | None, visitor: Visitor) -> Tokens:
        """Raises SignInFailed, OtpRequired, OtpRefused (what was counted is committed) or SignInLocked."""
        with self.database.unit_of_work() as uow:
            try:
                account = self.accounts.check(uow=uow, username=username, password=password, visitor=visitor)
            except SignInFailed as failure:
                _tell(uow, "sign_in_failed", failure.account_id)
                uow.commit()
                raise
            return self._go_on(uow, account, otp, visitor)

    def finish(self, *, step: Mapping[str, Any], otp: str, visitor: Visitor) -> Tokens:
        """The code after the password; `step` are the verified claims between the two. Raises as `sign_in`."""
        with self.database.unit_of_work() as uow:
            account = self.accounts.resumed(uow=uow, account_id=UUID(str(step["sub"])), mark=step["mark"])
            return self._go_on(uow, account, otp, visitor)

    def greet(self, token: str) -> Invited:
        """Whom an unused invite is for; raises InvalidSecret."""
        with self.database.unit_of_work() as uow:
            return self.accounts.invited(uow=uow, secret=parse_secret(token))

    def accept_invite(self, *, token: str, password: str, otp: str | None, visitor: Visitor) -> Tokens:
        """Choose the first password and be signed in; raises InvalidSecret or InvalidFields, and as `sign_in`."""
        secret = parse_secret(token)
        if secret.tag != CENTRAL_TAG:
            raise InvalidSecret
        with self.database.unit_of_work() as uow:
            account = self.accounts.opened(uow=uow, secret=secret)
            proof = self._prove(uow, account, otp, visitor)
            self.accounts.accept(uow=uow, secret=secret, password=password)
            return self._begin(uow, account, proof, visitor)

    def refresh(self, token: str) -> Tokens:
        """Exchange a refresh token; raises InvalidSecret. One that is shown twice ends its session."""
        with self.database.unit_of_work() as uow:
            try:
                session = self.sessions.renew(uow=uow, secret=parse_secret(token))
            except RefreshReplayed:
                uow.commit()
                raise
            account = uow.session.get_one(Administrator, session.account_id)
            if account.status != "active":
                raise InvalidSecret
            tokens = self.sessions.tokens_for(uow=uow, session=session, tag=CENTRAL_TAG, claims={"role": account.role})
            uow.commit()
            return tokens

    def sign_out(self, token: str) -> None:
        """End the session that a refresh token belongs to; raises InvalidSecret."""
        with self.database.unit_of_work() as uow:
            self.sessions.end_by_refresh(uow=uow, secret=parse_secret(token))
            uow.commit()

    def _go_on(self, uow: UnitOfWork, account: Administrator, otp: str | None, visitor: Visitor) -> Tokens:
        return self._begin(uow, account, self._prove(uow, account, otp, visitor), visitor)

    def _prove(self, uow: UnitOfWork, account: Administrator, otp: str | None, visitor: Visitor) -> Proof | None:
        try:
            return self.factors.require(uow=uow, tenant=None, account=account, otp=otp, visitor=visitor)
        except OtpRequired:
            uow.commit()
            raise
        except OtpRefused:
            # Whoever tries codes has the password: that is more than a slip of the keyboard.
            _tell(uow, "mfa_refused", account.id, risk="medium")
            uow.commit()
            raise

    def _begin(self, uow: UnitOfWork, account: Administrator, proof: Proof | None, visitor: Visitor) -> Tokens:
        tokens = self.sessions.start(
            uow=uow,
            account_id=account.id,
            tag=CENTRAL_TAG,
            claims={"role": account.role},
            visitor=visitor,
            mfa_at=proof.at if proof else None,
            greeting=self.factors.greeting(account=account, proof=proof),
        )
        _tell(uow, "signed_in", account.id)
        uow.commit()
        return tokens


def _tell(uow: UnitOfWork, event: str, account_id: UUID | None, *, risk: str = "low") -> None:
    security_event(uow=uow, event=event, risk=risk, user_id=account_id, details={"portal": "admin"})
