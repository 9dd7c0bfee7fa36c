"""The sync of all hospitals, the history of one, and dead letters."""

from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from central.console import logs
from central.console.overview import hospital_syncs
from central.console.pages.answers import lead_to, shown, words
from central.registry.public import tenant_by_id
from central.sync import dead_letters
from central.sync.dead_letters import Decision
from central.sync.errors import DeadLetterDecided
from central.sync.models import DEAD_STATES, TenantSyncStatus
from central.sync.public import RedisDoorbell
from kernel.clock import utc_now
from kernel.ids import TenantId
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work

blueprint = Blueprint("sync_pages", __name__, url_prefix="/sync")
_ALL = "all"


@blueprint.route("")
@requires("sync.read")
def state() -> Response:
    """Each hospital's backlog and last push, those that need a look first."""
    now = utc_now()
    hospitals = hospital_syncs(uow=request_unit_of_work(), now=now)
    return shown("sync/state.html", hospitals=hospitals, fullest=max([1, *(each.backlog for each in hospitals)]))


@blueprint.route("/<uuid:tenant_id>")
@requires("sync.read")
def history(tenant_id: UUID) -> Response:
    """A hospital's batches."""
    uow, tenant = request_unit_of_work(), TenantId.parse(tenant_id)
    return shown(
        "sync/history.html",
        hospital=tenant_by_id(uow=uow, tenant=tenant),
        sync=uow.session.get(TenantSyncStatus, tenant),
        found=logs.history_page(uow=uow, tenant=tenant, cursor=request.args.get("cursor")),
    )


@blueprint.route("/dead-letters")
@requires("sync.read")
def dead() -> Response:
    """What hospitals gave up; those to decide about unless asked otherwise."""
    asked = request.args.get("state", "dead")
    chosen = asked if asked in DEAD_STATES else None
    items, cursor = dead_letters.listed(
        uow=request_unit_of_work(), limit=logs.PAGE, cursor=request.args.get("cursor"), state=chosen
    )
    return shown(
        "sync/dead_letters.html", items=items, next_cursor=cursor, state=chosen or _ALL, states=(*DEAD_STATES, _ALL)
    )


@blueprint.route("/dead-letters/<uuid:dead_letter>/replay", methods=["POST"])
@requires("sync.dead_letters")
def replay(dead_letter: UUID) -> Response:
    """Have the hospital's worker push it again."""
    return _decide(dead_letter, "replay", gettext("The hospital's worker will send it again within a minute."))


@blueprint.route("/dead-letters/<uuid:dead_letter>/discard", methods=["POST"])
@requires("sync.dead_letters")
def discard(dead_letter: UUID) -> Response:
    """Have the hospital's worker drop it."""
    return _decide(dead_letter, "discard", gettext("The hospital's worker will drop it within a minute."))


def _decide(dead_letter: UUID, decision: Decision, message: str) -> Response:
    uow = request_unit_of_work()
    back = url_for("sync_pages.dead")
    try:
        tenant = dead_letters.decide(uow=uow, actor=current_actor(), dead_letter=dead_letter, decision=decision)
    except DeadLetterDecided as decided:
        return lead_to(back, message=words(decided)["title"], tone="warning")
    bell = collaborator(RedisDoorbell)
    uow.after_commit(lambda: bell.ring(tenant, changes=True))
    uow.commit()
    return lead_to(back, message=message)
