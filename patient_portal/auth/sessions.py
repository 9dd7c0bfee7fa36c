"""Patients' sessions, and who is signed in during a request."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import g

from central.auth.public import SessionRules, Sessions
from kernel.clock import Clock, utc_now
from kernel.errors import Unauthenticated
from kernel.ids import TenantId
from kernel.web.actor import Actor
from keys.public import TokenSigner
from tenant_app.portal.public import PatientRefreshToken, PatientSession

AUDIENCE = "patient"
ISSUER = "patient"
ROLE = "patient"


class PatientSessions(Sessions):
    """Sessions of patients; each is a row at the hospital of the account."""

    def __init__(self, *, signer: TokenSigner, rules: SessionRules | None = None, clock: Clock = utc_now) -> None:
        super().__init__(
            session_table=PatientSession,
            refresh_table=PatientRefreshToken,
            signer=signer,
            audience=AUDIENCE,
            rules=rules,
            clock=clock,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """Who is signed in, as the home hospital's rows said in this request: its account, its patient, its session."""

    tenant: TenantId
    tenant_code: str
    hospital_name: str
    account_id: UUID
    patient_id: UUID
    session_id: UUID
    name: str
    mfa_at: datetime | None = None

    def actor(self) -> Actor:
        """The actor at the home hospital."""
        return patient_actor(
            tenant=self.tenant,
            account_id=self.account_id,
            session_id=self.session_id,
            name=self.name,
            mfa_at=self.mfa_at,
        )


def patient_actor(
    *, tenant: TenantId, account_id: UUID, session_id: UUID, name: str = "", mfa_at: datetime | None = None
) -> Actor:
    """A patient at one hospital, by the account there; that is whom its audit log names."""
    return Actor(
        kind="patient",
        id=account_id,
        session_id=session_id,
        name=name,
        role=ROLE,
        permissions=frozenset(),
        tenant=tenant,
        mfa_at=mfa_at,
    )


def signed_in_patient() -> SignedIn:
    """Who is signed in; raises Unauthenticated on a public route."""
    found: SignedIn | None = g.get("patient")
    if found is None:
        raise Unauthenticated
    return found


def patient_here() -> UUID:
    """The patient's id at the hospital that the request works at: the one in its path, else home."""
    there: UUID | None = g.get("patient_there")
    return there if there is not None else signed_in_patient().patient_id
