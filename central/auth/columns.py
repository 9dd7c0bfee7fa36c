"""Columns of accounts, sessions, refresh tokens and invites, the same in central and in each hospital's database.

A concrete table adds its foreign key `account_id` (sessions, invites) or `session_id` (refresh tokens).

Other folders import these from here and not from `central.auth.public`: their tables stand in processes where nobody
signs in, which need no pages, schemas and second factors for that.
"""

from sqlalchemy import BigInteger, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import CIDR, INET
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, Instant, RowId

ACCOUNT_STATUSES = ("invited", "active", "inactive", "locked")


class SecondFactorColumns:
    """An account's second factor (TOTP). Both secrets are sealed, bound to the account's row.

    `mfa_pending_secret` waits for its first code. `mfa_last_step` is the last step whose code was used: none counts
    twice. `mfa_reset_at`: somebody else took the factor away, and the owner has not been told yet.
    """

    mfa_enabled: Mapped[bool] = mapped_column(server_default="false", default=False)
    mfa_secret: Mapped[str | None] = mapped_column(Text)
    mfa_enabled_at: Mapped[Instant | None]
    mfa_last_step: Mapped[int | None] = mapped_column(BigInteger)
    mfa_pending_secret: Mapped[str | None] = mapped_column(Text)
    mfa_pending_at: Mapped[Instant | None]
    mfa_reset_at: Mapped[Instant | None]


MFA_WHOLE = "NOT mfa_enabled OR mfa_secret IS NOT NULL"


class AccountColumns(SecondFactorColumns):
    """Who signs in with a name and a password. `password_hash` is empty until the invite is accepted."""

    username: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(255))
    password_hash: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), server_default="invited", default="invited")
    last_login_at: Mapped[Instant | None]
    password_updated_at: Mapped[Instant | None]
    failed_login_attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    locked_until: Mapped[Instant | None]


class SessionColumns:
    """One signing-in. The row is the truth: a token without a living row is worth nothing.

    `mfa_at` is when the second factor was proven in it.
    """

    id: Mapped[RowId]
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    end_reason: Mapped[str | None] = mapped_column(String(30))
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(255))
    mfa_at: Mapped[Instant | None]


class RefreshTokenColumns:
    """One link of a session's chain of refresh tokens; only the hash of its secret is kept."""

    id: Mapped[RowId]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class InviteColumns:
    """A one-time way in for a new account; only the hash of its secret is kept."""

    id: Mapped[RowId]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class RecoveryCodeColumns:
    """One recovery code, as an HMAC under the account's TOTP secret. The concrete table adds `account_id`."""

    id: Mapped[RowId]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    used_at: Mapped[Instant | None]


class PasswordHistoryColumns:
    """A password that an account had before, which does not come back soon. The concrete table adds `account_id`."""

    id: Mapped[RowId]
    password_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class SignInFailureColumns:
    """Failed attempts on one account from one network (/24, /56), so that a stranger's attempts lock the stranger out
    and not the account's owner. The concrete table adds `account_id` to the primary key.
    """

    network: Mapped[str] = mapped_column(CIDR, primary_key=True)
    failures: Mapped[int] = mapped_column(server_default="0", default=0)
    last_failed_at: Mapped[Instant]
    locked_until: Mapped[Instant | None]
