"""One's own second factor over the API, the same for administrators, staff and patients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from central.auth.factor_errors import WrongOtp
from central.auth.factors import FactorState
from central.auth.gate import visitor
from central.auth.own_factor import Enrolment, OwnSecondFactor
from central.auth.schemas import (
    ConfirmFactorBody,
    EnrolmentAnswer,
    FactorAnswer,
    ProofBody,
    RecoveryCodesAnswer,
)
from central.auth.signing_in import WrongPassword
from central.gateway.public import guess_limited
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.access import enrolling
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import collaborator, request_unit_of_work


def add_factor_routes(blueprint: Blueprint, kind: type[OwnSecondFactor]) -> None:
    """Add /totp to the blueprint `auth` of a portal; `kind` is the collaborator that answers."""

    @blueprint.route("/totp", methods=["GET"])
    @enrolling
    @blueprint.response(200, FactorAnswer)
    def second_factor() -> FactorState:
        """Whether one's second factor is on, and how many recovery codes are left."""
        uow = request_unit_of_work()
        state = collaborator(kind).state(uow=uow, actor=current_actor())
        uow.commit()
        return state

    @blueprint.route("/totp/enrol", methods=["POST"])
    @enrolling
    @guess_limited
    @blueprint.arguments(ProofBody)
    @blueprint.response(200, EnrolmentAnswer)
    def enrol(body: dict[str, Any]) -> Enrolment:
        """A secret for the authenticator app, which counts once it is confirmed; `otp` where there is a factor."""
        made: Enrolment = _proven(collaborator(kind).enrol, body)
        return made

    @blueprint.route("/totp/confirm", methods=["POST"])
    @enrolling
    @guess_limited
    @blueprint.arguments(ConfirmFactorBody)
    @blueprint.response(200, RecoveryCodesAnswer)
    def confirm(body: dict[str, Any]) -> dict[str, Any]:
        """The first code of the new secret: the factor is on. The answer holds the recovery codes, this once."""
        uow = request_unit_of_work()
        codes = collaborator(kind).confirm(uow=uow, actor=current_actor(), otp=body["otp"])
        uow.commit()
        return {"recovery_codes": codes}

    @blueprint.route("/totp/recovery-codes", methods=["POST"])
    @enrolling
    @guess_limited
    @blueprint.arguments(ProofBody)
    @blueprint.response(200, RecoveryCodesAnswer)
    def renew_recovery_codes(body: dict[str, Any]) -> dict[str, Any]:
        """Ten other recovery codes; the earlier ones end."""
        return {"recovery_codes": _proven(collaborator(kind).renew_recovery_codes, body)}

    @blueprint.route("/totp/disable", methods=["POST"])
    @enrolling
    @guess_limited
    @blueprint.arguments(ProofBody)
    @blueprint.response(204)
    def disable(body: dict[str, Any]) -> None:
        """Switch the second factor off."""
        _proven(collaborator(kind).switch_off, body)


@contextmanager
def failures_kept(uow: UnitOfWork) -> Iterator[None]:
    """What was counted of a wrong password or code is committed before the answer."""
    try:
        yield
    except (WrongPassword, WrongOtp):
        uow.commit()
        raise


def _proven(action: Callable[..., Any], body: dict[str, Any]) -> Any:
    uow = request_unit_of_work()
    with failures_kept(uow):
        done = action(uow=uow, actor=current_actor(), password=body["password"], otp=body["otp"], visitor=visitor())
    uow.commit()
    return done
