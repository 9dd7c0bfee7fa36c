"""Administrators: who there are, and inviting another."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from central.auth.administrators import AdministratorExists, AdministratorSignIn
from central.auth.models import ADMINISTRATOR_ROLES, Administrator
from central.auth.permissions import PERMISSIONS, ROLES
from central.auth.public import IssuedInvite, NoSecondFactor
from central.console import administrators, forms
from central.console.forms import Body
from central.console.pages.answers import lead_to, page, shown, spoken, words
from central.console.schemas import username_only
from kernel.errors import InvalidFields, NotFound, SokhamError
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work

blueprint = Blueprint("people", __name__, url_prefix="/administrators")


class AdministratorBody(Body):
    """A new administrator."""

    full_name = forms.text(longest=255)
    username = forms.text(longest=100, checks=[username_only])
    email = forms.email(required=True)
    role = forms.choice(ADMINISTRATOR_ROLES, required=True)


@blueprint.route("")
@requires("administrator.read")
def listed() -> Response:
    """Administrators by user name, and what each role may do."""
    found = administrators.listed(uow=request_unit_of_work(), cursor=request.args.get("cursor"))
    return shown("people/list.html", found=found, roles=ROLES, permissions=PERMISSIONS)


@blueprint.route("/new")
@requires("administrator.invite")
def invite_form() -> Response:
    """The form for another administrator."""
    return shown("people/invite.html", **_values(errors={}))


@blueprint.route("/new", methods=["POST"])
@requires("administrator.invite")
def invite() -> Response:
    """Make the account, and show its invite this once."""
    uow = request_unit_of_work()
    try:
        fields = forms.load(AdministratorBody(), request.form)
        administrator, issued = administrators.invite(
            uow=uow, actor=current_actor(), signing_in=collaborator(AdministratorSignIn), fields=fields
        )
    except InvalidFields as wrong:
        return page("people/invite.html", status=wrong.status, **_values(errors=spoken(wrong.errors)))
    except AdministratorExists as exists:
        return page("people/invite.html", status=exists.status, **_values(errors={}, refusal=words(exists)))
    uow.commit()
    return _invited(administrator, issued)


@blueprint.route("/<uuid:administrator_id>/invite", methods=["POST"])
@requires("administrator.invite")
def invite_again(administrator_id: UUID) -> Response:
    """A new invite in place of one that was lost; the old one is void."""
    uow = request_unit_of_work()
    administrator, issued = administrators.invite_again(
        uow=uow,
        actor=current_actor(),
        signing_in=collaborator(AdministratorSignIn),
        administrator_id=administrator_id,
    )
    uow.commit()
    return _invited(administrator, issued)


@blueprint.route("/<uuid:administrator_id>/second-factor")
@requires("administrator.manage")
def factor_form(administrator_id: UUID) -> Response:
    """What taking a lost second factor away would mean."""
    return shown(
        "people/second_factor.html", administrator=_known(administrator_id), reason="", errors={}, refusal=None
    )


@blueprint.route("/<uuid:administrator_id>/second-factor", methods=["POST"])
@requires("administrator.manage")
def reset_factor(administrator_id: UUID) -> Response:
    """Take it away."""
    uow = request_unit_of_work()
    reason = request.form.get("reason", "")
    try:
        administrators.reset_second_factor(
            uow=uow, actor=current_actor(), administrator_id=administrator_id, reason=reason
        )
    except (InvalidFields, administrators.OwnFactor, NoSecondFactor) as why:
        return _factor_refused(administrator_id, reason, why)
    uow.commit()
    message = gettext("The second factor is taken away, and all sessions are ended. They are told at the next sign-in.")
    return lead_to(url_for("people.listed"), message=message)


def _factor_refused(administrator_id: UUID, reason: str, why: SokhamError) -> Response:
    return page(
        "people/second_factor.html",
        status=why.status,
        administrator=_known(administrator_id),
        reason=reason,
        errors=spoken(why.errors),
        refusal=None if why.errors else words(why),
    )


def _known(administrator_id: UUID) -> Administrator:
    found = request_unit_of_work().session.get(Administrator, administrator_id)
    if found is None:
        raise NotFound
    return found


def _invited(administrator: Administrator, issued: IssuedInvite) -> Response:
    token = issued.secret.text
    return page(
        "people/invited.html",
        administrator=administrator,
        token=token,
        expires_at=issued.expires_at,
        link=f"{url_for('session.accept_invite', _external=True)}#{token}",
    )


def _values(**more: Any) -> dict[str, Any]:
    return {
        "values": request.form.to_dict(),
        "roles": ROLES,
        "permissions": PERMISSIONS,
        "refusal": None,
        **more,
    }
