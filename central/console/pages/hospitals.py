"""Hospitals: the list, and one of them."""

from uuid import UUID

from flask import Blueprint, Response, request

from central.console import logs, operations, tenants
from central.console.overview import LATE_AFTER, hospital_syncs
from central.console.pages.answers import shown, wants_part
from central.console.pages.shown import named
from central.console.usage import CHARTED, hospital_usage
from central.registry.models import TENANT_STATUSES
from central.registry.public import credentials_of, tenant_by_id
from central.sync.models import TenantSyncStatus
from kernel.clock import local_today, utc_now
from kernel.ids import TenantId
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work

blueprint = Blueprint("hospitals", __name__, url_prefix="/hospitals")

PAGE = 25


@blueprint.route("")
@requires("tenant.read")
def listed() -> Response:
    """Hospitals, found by word and status."""
    uow = request_unit_of_work()
    q, status = request.args.get("q", "")[:100], request.args.get("status", "")
    found = tenants.find(
        uow=uow,
        limit=PAGE,
        cursor=request.args.get("cursor"),
        q=q,
        status=status if status in TENANT_STATUSES else None,
    )
    syncs = {}
    if current_actor().may("sync.read"):
        syncs = {each.tenant_id: each for each in hospital_syncs(uow=uow, now=utc_now())}
    template = "hospitals/rows.html" if wants_part() else "hospitals/list.html"
    return shown(template, found=found, q=q, chosen=status, statuses=TENANT_STATUSES, syncs=syncs)


@blueprint.route("/<uuid:tenant_id>")
@requires("tenant.read")
def show(tenant_id: UUID) -> Response:
    """One hospital: what it is, where its database is, how its sync stands, what was done to it."""
    uow, actor = request_unit_of_work(), current_actor()
    tenant = TenantId.parse(tenant_id)
    row = tenant_by_id(uow=uow, tenant=tenant)
    now = utc_now()
    charted = request.args.get("chart", "")
    charted = charted if charted in CHARTED else CHARTED[0]
    sync = uow.session.get(TenantSyncStatus, tenant) if actor.may("sync.read") else None
    return shown(
        "hospitals/show.html",
        hospital=row,
        connections=credentials_of(uow=uow, tenant=tenant) if actor.may("tenant.credentials") else [],
        sync=sync,
        late=bool(sync and sync.oldest_pending_at and sync.oldest_pending_at < now - LATE_AFTER),
        batches=logs.history_page(uow=uow, tenant=tenant, cursor=None, limit=5).items if sync else [],
        charts=[(name, named(name, "usage"), None) for name in CHARTED],
        usage=hospital_usage(uow=uow, tenant=tenant, today=local_today(now), shown=charted),
        operations=operations.latest(uow=uow, tenant=tenant),
        trail=logs.audit_page(uow=uow, cursor=None, tenant=tenant, limit=8).items if actor.may("audit.read") else [],
    )
