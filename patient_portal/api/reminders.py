"""Over the API: whether one wants to be reminded at a hospital."""

from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from patient_portal.auth.sessions import patient_here
from tenant_app.reminders.public import Wishes, WishesAnswer, WishesBody, set_wishes, wishes_of

blueprint = Blueprint("reminder_wishes", __name__, url_prefix="/api/v1", description="Reminders")


@blueprint.route("/hospitals/<string:tenant_code>/reminder-wishes", methods=["GET"])
@signed_in
@blueprint.response(200, WishesAnswer)
def show(tenant_code: str) -> Wishes:
    """What one said; null where nobody asked."""
    del tenant_code  # The gatekeeper has read it.
    uow = request_unit_of_work()
    found = wishes_of(uow=uow, patient_id=patient_here())
    uow.commit()
    return found


@blueprint.route("/hospitals/<string:tenant_code>/reminder-wishes", methods=["PUT"])
@signed_in
@blueprint.arguments(WishesBody)
@blueprint.response(200, WishesAnswer)
def save(body: dict[str, str], tenant_code: str) -> Wishes:
    """Change it; what is not named stays."""
    del tenant_code
    uow = request_unit_of_work()
    found = set_wishes(uow=uow, actor=current_actor(), patient_id=patient_here(), given=body)
    uow.commit()
    return found
