"""Why a second factor was asked for, or refused."""

from dataclasses import dataclass
from uuid import UUID

from kernel.errors import Conflict, InvalidFields, Unauthenticated
from kernel.ids import TenantId
from kernel.text import N_, canonical

NO_REASON = N_("Say in a few words why, and how you know that it is them.")
OTP_FIELD_REFUSED = N_("This code does not match. Take the newest one of the app; each works once.")


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingStep:
    """Who gave the right password and still owes a code. `mark` changes with the password (factors.mark_of)."""

    tenant: TenantId | None
    account_id: UUID
    mark: str


class OtpRequired(Unauthenticated):
    """The password was right, and the account has a second factor. `step` is for the pages, never for a program."""

    code = "otp_required"
    title = N_("A second code is needed")
    advice = N_("Send the code of the authenticator app, or a recovery code, as otp with the same request.")

    def __init__(self, step: PendingStep) -> None:
        super().__init__()
        self.step = step


class OtpRefused(Unauthenticated):
    """The password was right, the code is not: wrong, too old, or used before."""

    code = "otp_refused"
    title = N_("This code does not match")
    advice = N_("Take the newest code of the app; each works once. Or use one of your recovery codes.")

    def __init__(self, *, account_id: UUID) -> None:
        super().__init__()
        self.account_id = account_id


class WrongOtp(InvalidFields):
    """The same on the pages of one's own account. The edge commits what was counted before it answers."""

    def __init__(self) -> None:
        super().__init__(errors={"otp": [OTP_FIELD_REFUSED]})


class NoPendingFactor(Conflict):
    """Nothing waits for its first code in this session, or there is no factor."""

    code = "no_pending_factor"
    title = N_("Nothing is being set up here")
    advice = N_("It took longer than a quarter of an hour, or was begun in another browser. Begin again.")


class NoSecondFactor(Conflict):
    """There is nothing to take away."""

    code = "no_second_factor"
    title = N_("This account has no second factor")
    advice = N_("Nothing needs to be done: the password alone opens it.")


class FactorDemanded(Conflict):
    """The role needs a second factor."""

    code = "factor_demanded"
    title = N_("Your role needs the second factor")
    advice = N_("You can move it to another phone, but not switch it off.")


def parse_reset_reason(text: str) -> str:
    """Why somebody else's factor is taken away, for the audit log; raises InvalidFields naming `reason`."""
    reason = canonical(text)
    if not 5 <= len(reason) <= 500:
        raise InvalidFields(errors={"reason": [NO_REASON]})
    return reason
