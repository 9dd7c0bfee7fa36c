"""The hospital's access log over the API."""

from datetime import date
from typing import Any

import marshmallow as ma

from kernel.clock import local_today
from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from tenant_app.audit.log_queries import LogFilter, LogRow, SealState, log_page, seal_state
from tenant_app.audit.models import ACTOR_KINDS
from tenant_app.audit.rules import parse_network
from tenant_app.audit.service import record
from tenant_app.schemas import POSSIBLE_DAY, Listed, page_answer

blueprint = Blueprint("audit_logs", __name__, url_prefix="/api/v1/audit-logs", description="The access log")


class LogAsked(Listed):
    """What chooses among the rows; days in Việt Nam, today where they are not given."""

    since = ma.fields.Date(load_default=None, validate=POSSIBLE_DAY)
    until = ma.fields.Date(load_default=None, validate=POSSIBLE_DAY)
    user_id = ma.fields.UUID()
    actor_kind = ma.fields.String(validate=ma.validate.OneOf(ACTOR_KINDS))
    patient_id = ma.fields.UUID()
    action = ma.fields.String(validate=ma.validate.Length(max=100))
    address = ma.fields.String(validate=ma.validate.Length(max=50))


class LogRowAnswer(ma.Schema):
    """One access: who, what, to whom, when, from where, and the names of what was changed."""

    id = ma.fields.UUID()
    created_at = ma.fields.AwareDateTime()
    actor_kind = ma.fields.String()
    user_id = ma.fields.UUID(allow_none=True)
    actor_name = ma.fields.String(allow_none=True)
    actor_role = ma.fields.String(allow_none=True)
    action = ma.fields.String()
    failed = ma.fields.Boolean()
    resource_type = ma.fields.String()
    resource_id = ma.fields.String(allow_none=True)
    patient_id = ma.fields.UUID(allow_none=True)
    patient_code = ma.fields.String(allow_none=True)
    changed = ma.fields.List(ma.fields.String())
    old_values = ma.fields.Dict(allow_none=True)
    new_values = ma.fields.Dict(allow_none=True)
    ip_address = ma.fields.String(allow_none=True)
    user_agent = ma.fields.String(allow_none=True)
    request_id = ma.fields.String(allow_none=True)


LogAnswer = page_answer("AuditLog", LogRowAnswer)


class SealAnswer(ma.Schema):
    """Up to when the log is sealed, and what the last check of the whole chain found."""

    seals = ma.fields.Integer()
    sealed_up_to = ma.fields.AwareDateTime(allow_none=True)
    sealed_at = ma.fields.AwareDateTime(allow_none=True)
    checked_at = ma.fields.AwareDateTime(allow_none=True)
    checked_rows = ma.fields.Integer(allow_none=True)
    broken_sequence = ma.fields.Integer(allow_none=True)
    fault = ma.fields.String(allow_none=True)


@blueprint.route("", methods=["GET"])
@requires("audit.read")
@blueprint.arguments(LogAsked, location="query", unknown=None)
@blueprint.response(200, LogAnswer)
def rows(asked: dict[str, Any]) -> Page[LogRow]:
    """The access log, the newest first. Asking is written down too."""
    uow = request_unit_of_work()
    until: date = asked["until"] or local_today()
    wanted = LogFilter(
        since=asked["since"] or until,
        until=until,
        user_id=asked.get("user_id"),
        actor_kind=asked.get("actor_kind"),
        patient_id=asked.get("patient_id"),
        actions=[asked["action"]] if asked.get("action") else (),
        network=parse_network(asked["address"]) if asked.get("address") else None,
    )
    page = log_page(uow=uow, wanted=wanted, limit=asked["limit"], cursor=asked["cursor"])
    record(uow=uow, actor=current_actor(), action="audit.list", resource_type="audit_log", changed=wanted.named)
    uow.commit()
    return page


@blueprint.route("/seal", methods=["GET"])
@requires("audit.read")
@blueprint.response(200, SealAnswer)
def seal() -> SealState:
    """Where the chain of seals over the log stands."""
    uow = request_unit_of_work()
    state = seal_state(uow=uow)
    uow.commit()
    return state
