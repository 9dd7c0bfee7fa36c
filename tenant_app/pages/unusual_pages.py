"""Unusual access: the list of what stood out, one of them, and saying what it was."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields, PreconditionFailed, SokhamError
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.audit.public import record
from tenant_app.pages.forms import lead_to, page, sent_version, spoken
from tenant_app.pages.saved_lists import opened
from tenant_app.pages.shown import options
from tenant_app.pages.unusual_words import (
    KIND_REASONS,
    KIND_TITLES,
    STATE_BADGES,
    STATE_NAMES,
    told,
    when,
)
from tenant_app.unusual.public import (
    KINDS,
    LONGEST_NOTE,
    STATES,
    FindingRow,
    OwnFinding,
    decide,
    finding,
    list_findings,
    open_findings,
)

blueprint = Blueprint("unusual_pages", __name__, url_prefix="/audit/unusual")

ROWS: Final = 25
_ALL: Final = "all"


@blueprint.route("")
@requires("audit.read")
def show() -> Response:
    """What waits for somebody to look, or what was decided."""
    uow = request_unit_of_work()
    saved = opened(uow, current_actor(), "unusual_access")
    state, kind = saved.args.get("state", "open"), saved.args.get("kind", "")
    listed = list_findings(
        uow=uow,
        state=state if state in STATES else None,
        kind=kind if kind in KINDS else None,
        limit=ROWS,
        cursor=request.args.get("cursor") or None,
    )
    record(uow=uow, actor=current_actor(), action="finding.list", resource_type="finding")
    answer = page(
        "unusual/list.html",
        rows=[(row, told(row), when(row)) for row in listed.items],
        next_cursor=listed.next_cursor,
        state=state if state in STATES else _ALL,
        kind=kind,
        states=[*options(STATE_NAMES), (_ALL, gettext("All"))],
        kinds=options(KIND_TITLES),
        kind_titles=KIND_TITLES,
        state_names=STATE_NAMES,
        state_badges=STATE_BADGES,
        waiting=open_findings(uow=uow),
        filters=saved.bar({"state": state, "kind": kind}),
        query=saved.query,
    )
    uow.commit()
    return answer


@blueprint.route("/<finding_id>")
@requires("audit.read")
def one(finding_id: str) -> Response:
    """One of them, why it was noticed, and the form for what it was."""
    return _one(parse_uuid(finding_id, what="finding"))


@blueprint.route("/<finding_id>", methods=["POST"])
@requires("audit.decide")
def save(finding_id: str) -> Response:
    """Write down what it was."""
    uow = request_unit_of_work()
    wanted = parse_uuid(finding_id, what="finding")
    state, note = request.form.get("state", ""), request.form.get("note", "").replace("\r\n", "\n")
    shown = {"state": state, "note": note[:LONGEST_NOTE]}
    try:
        decide(uow=uow, actor=current_actor(), finding_id=wanted, state=state, note=note, version=sent_version())
    except InvalidFields as wrong:
        uow.session.rollback()
        return _one(wanted, shown=shown, errors=spoken(wrong.errors), status=wrong.status)
    except (PreconditionFailed, OwnFinding) as why:
        uow.session.rollback()
        return _one(wanted, shown=shown, refusal=why, status=why.status)
    uow.commit()
    return lead_to(url_for("unusual_pages.show"), message=gettext("The decision is saved."))


def _one(
    finding_id: UUID,
    *,
    shown: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    refusal: SokhamError | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    found: FindingRow = finding(uow=uow, finding_id=finding_id)
    record(uow=uow, actor=actor, action="finding.read", resource_type="finding", resource_id=finding_id)
    answer = page(
        "unusual/show.html",
        status=status,
        row=found,
        told=told(found),
        when=when(found),
        title=gettext(KIND_TITLES[found.kind]),
        reason=gettext(KIND_REASONS[found.kind]),
        badge_words=(gettext(STATE_NAMES[found.state]), *STATE_BADGES[found.state]),
        shown=shown or {"state": "looked_at" if found.state == "open" else found.state, "note": found.note or ""},
        errors=errors or {},
        refusal=sentences(refusal) if refusal else None,
        states=[(state, gettext(STATE_NAMES[state])) for state in ("looked_at", "explained", "open")],
        own=found.user_id == actor.id,
        longest_note=LONGEST_NOTE,
    )
    uow.commit()
    return answer
