"""Administrators: invited, signed in, and recognised in each request."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from central.auth.factors import FactorVault, SecondFactors
from central.auth.gate import Gate
from central.auth.invites import IssuedInvite
from central.auth.models import (
    ADMINISTRATOR_ROLES,
    AdminInvite,
    Administrator,
    AdminPasswordHistory,
    AdminRecoveryCode,
    AdminRefreshToken,
    AdminSession,
    AdminSignInFailure,
    Permission,
    UserPermission,
)
from central.auth.permissions import ROLES
from central.auth.secrets import CENTRAL_TAG
from central.auth.sessions import SessionRules, Sessions
from central.auth.signing_in import SigningIn
from central.registry.public import SqlDataKeyStore
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import Conflict, InvalidFields, SessionEnded
from kernel.ids import parse_uuid
from kernel.passwords import Passwords
from kernel.telemetry import logs
from kernel.text import N_, canonical
from kernel.web.access import Access, shows_somebody
from kernel.web.actor import Actor
from kernel.web.collaborators import hold_unit_of_work
from keys.public import Keychain, TokenSigner, scopes

AUDIENCE = "console"
ISSUER = "central"


class AdministratorExists(Conflict):
    """The user name or the e-mail address is taken."""

    code = "administrator_exists"
    title = N_("This administrator exists already")
    advice = N_("Choose another user name and e-mail address.")


class AdministratorSessions(Sessions):
    """Sessions of administrators."""

    def __init__(self, *, signer: TokenSigner, rules: SessionRules | None = None) -> None:
        super().__init__(
            session_table=AdminSession,
            refresh_table=AdminRefreshToken,
            signer=signer,
            audience=AUDIENCE,
            rules=rules,
        )


class AdministratorSignIn(SigningIn):
    """Accounts of administrators."""

    def __init__(self, passwords: Passwords) -> None:
        super().__init__(
            account_table=Administrator,
            invite_table=AdminInvite,
            failure_table=AdminSignInFailure,
            history_table=AdminPasswordHistory,
            passwords=passwords,
        )


class AdministratorFactors(SecondFactors):
    """Second factors of administrators, sealed under central's own data key."""

    def __init__(self, keychain: Keychain) -> None:
        super().__init__(
            account_table=Administrator,
            recovery_table=AdminRecoveryCode,
            failure_table=AdminSignInFailure,
            vault=FactorVault(
                keychain=keychain, scope=scopes.TOKENS_CENTRAL, stores=lambda uow, _tenant: SqlDataKeyStore(uow)
            ),
        )


def create_administrator(
    *,
    uow: UnitOfWork,
    signing_in: AdministratorSignIn,
    username: str,
    email: str,
    full_name: str,
    role: str,
    created_by: UUID | None = None,
) -> tuple[Administrator, IssuedInvite]:
    """A new administrator with an invite. Raises AdministratorExists, or InvalidFields for an unknown role."""
    if role not in ADMINISTRATOR_ROLES:
        raise InvalidFields(errors={"role": [N_("There is no such role.")]})
    administrator = Administrator(
        username=username.strip().lower(),
        email=email.strip().lower(),
        full_name=canonical(full_name),
        role=role,
        created_by=created_by,
    )
    uow.session.add(administrator)
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) in {"uq_users_username", "uq_users_email"}:
            raise AdministratorExists from err
        raise
    return administrator, signing_in.invite(uow=uow, account=administrator, tag=CENTRAL_TAG)


@dataclass(frozen=True)
class AdministratorGatekeeper:
    """Recognises administrators: the token names the session, the row decides, in the request's own transaction."""

    gate: Gate
    database: Database
    sessions: AdministratorSessions
    # Roles that need a second factor.
    mfa_roles: frozenset[str]

    def admit(self, access: Access) -> Actor:
        """The administrator of this request; raises SessionEnded, or Unauthenticated."""
        session_id = parse_uuid(self.gate.claims()["sid"], what="session")
        uow = hold_unit_of_work(self.database.unit_of_work())
        found = uow.session.execute(
            select(AdminSession.last_seen_at, AdminSession.mfa_at, Administrator)
            .join(Administrator, Administrator.id == AdminSession.account_id)
            .where(AdminSession.id == session_id, Administrator.status == "active", *self.sessions.living())
        ).one_or_none()
        if found is None:
            raise SessionEnded
        last_seen_at, mfa_at, administrator = found
        if shows_somebody(access):
            self.sessions.touch(uow=uow, session_id=session_id, last_seen_at=last_seen_at)
        logs.bind(actor=administrator.id, actor_kind="admin")
        return Actor(
            kind="admin",
            id=administrator.id,
            session_id=session_id,
            name=administrator.full_name,
            role=administrator.role,
            permissions=ROLES[administrator.role] | _further_permissions(uow, administrator.id),
            mfa_at=mfa_at,
            mfa_required=administrator.role in self.mfa_roles,
        )


def _further_permissions(uow: UnitOfWork, administrator_id: UUID) -> frozenset[str]:
    names = select(Permission.name).join(UserPermission, UserPermission.permission_id == Permission.id)
    return frozenset(uow.session.execute(names.where(UserPermission.user_id == administrator_id)).scalars())
