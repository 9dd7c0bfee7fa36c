"""One sign-in, invite or refresh of an administrator: each is one transaction on central's database."""

from dataclasses import dataclass

from central.audit.public import security_event
from central.auth.administrators import AdministratorSessions, AdministratorSignIn
from central.auth.models import Administrator
from central.auth.secrets import CENTRAL_TAG, InvalidSecret, parse_secret
from central.auth.sessions import RefreshReplayed, Tokens, Visitor
from central.auth.signing_in import SignInFailed
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class ConsoleSignIn:
    """What the API and the pages of signing in do."""

    database: Database
    accounts: AdministratorSignIn
    sessions: AdministratorSessions

    def sign_in(self, *, username: str, password: str, visitor: Visitor) -> Tokens:
        """Raises SignInFailed (what was counted is committed) or SignInLocked."""
        with self.database.unit_of_work() as uow:
            try:
                account = self.accounts.check(uow=uow, username=username, password=password, visitor=visitor)
            except SignInFailed as failure:
                security_event(
                    uow=uow,
                    event="sign_in_failed",
                    risk="low",
                    user_id=failure.account_id,
                    details={"portal": "admin"},
                )
                uow.commit()
                raise
            return self._begin(uow, account, visitor)

    def greet(self, token: str) -> str:
        """The name of whom an unused invite is for; raises InvalidSecret."""
        with self.database.unit_of_work() as uow:
            name: str = self.accounts.invited(uow=uow, secret=parse_secret(token)).full_name
            return name

    def accept_invite(self, *, token: str, password: str, visitor: Visitor) -> Tokens:
        """Choose the first password and be signed in; raises InvalidSecret or InvalidFields."""
        secret = parse_secret(token)
        if secret.tag != CENTRAL_TAG:
            raise InvalidSecret
        with self.database.unit_of_work() as uow:
            account = self.accounts.accept(uow=uow, secret=secret, password=password)
            return self._begin(uow, account, visitor)

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

    def _begin(self, uow: UnitOfWork, account: Administrator, visitor: Visitor) -> Tokens:
        tokens = self.sessions.start(
            uow=uow, account_id=account.id, tag=CENTRAL_TAG, claims={"role": account.role}, visitor=visitor
        )
        security_event(uow=uow, event="signed_in", risk="low", user_id=account.id, details={"portal": "admin"})
        uow.commit()
        return tokens
