"""In which hospitals is somebody a patient? With a reason, a daily cap, and an audit row before the answer.

The number comes in a form's body and goes back in the form; no address, cookie or log ever holds it.
"""

from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import select

from central.console import logs
from central.console.pages.answers import page, shown, spoken, words
from central.patient_index.public import DAILY_CAP, LookupCapReached, lookup
from central.registry.public import Tenant
from kernel.errors import InvalidFields
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from keys.public import BlindIndex

blueprint = Blueprint("lookup", __name__, url_prefix="/patient-lookup")

PERMISSION = "patient_index.lookup"


@blueprint.route("")
@requires(PERMISSION)
def form() -> Response:
    """The empty form, with what is left of the day's lookups."""
    return shown("lookup.html", **_values(errors={}))


@blueprint.route("", methods=["POST"])
@requires(PERMISSION)
def answer() -> Response:
    """The hospitals and ids, and nothing else of the person."""
    uow, actor = request_unit_of_work(), current_actor()
    try:
        hits = lookup(
            uow=uow,
            actor=actor,
            blind_index=collaborator(BlindIndex),
            cccd=request.form.get("cccd", ""),
            reason=request.form.get("reason", ""),
        )
    except InvalidFields as wrong:
        return page("lookup.html", status=wrong.status, **_values(errors=spoken(wrong.errors)))
    except LookupCapReached as reached:
        response = page("lookup.html", status=reached.status, **_values(errors={}, refusal=words(reached)))
        response.headers["Retry-After"] = str(reached.retry_after)
        return response
    names: dict[str, Any] = {
        code: (name, tenant_id)
        for code, name, tenant_id in uow.session.execute(
            select(Tenant.tenant_code, Tenant.name, Tenant.id).where(
                Tenant.tenant_code.in_({hit.tenant_code for hit in hits})
            )
        )
    }
    return shown("lookup.html", **_values(errors={}, hits=hits, names=names))


def _values(**more: Any) -> dict[str, Any]:
    """What the page shows; the number goes back into its field, so that a slip of the finger can be mended."""
    left = logs.lookups_left(uow=request_unit_of_work(), actor=current_actor().id)
    sent = {"cccd": request.form.get("cccd", "")[:30], "reason": request.form.get("reason", "")[:500]}
    return {"left": left, "cap": DAILY_CAP, "hits": None, "names": {}, "refusal": None, **sent, **more}
