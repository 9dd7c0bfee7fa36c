"""One's own notices: the bell of every page, the list, and which kinds one wants."""

from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.ids import parse_uuid
from kernel.web.access import by_itself, signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.notices.public import choose, mark_all_read, mark_read, offered, read_list, unread, wanted
from tenant_app.pages.forms import lead_to, page
from tenant_app.pages.notice_words import KIND_NAMES, told

blueprint = Blueprint("notice_pages", __name__, url_prefix="/notices")

ROWS: Final = 25


@blueprint.route("")
@signed_in
def show() -> Response:
    """The newest first."""
    return _listed("notices/list.html")


@blueprint.route("/part")
@by_itself
def part() -> Response:
    """The same list for a page that shows it."""
    return _listed("notices/items.html")


@blueprint.route("/bell")
@by_itself
def bell() -> Response:
    """How many are unread: the gatekeeper has counted them already."""
    return page("notices/bell.html")


@blueprint.route("/<notice_id>/open", methods=["POST"])
@signed_in
def lead_on(notice_id: str) -> Response:
    """To what it is about; with that it is read."""
    uow, actor = request_unit_of_work(), current_actor()
    row = mark_read(uow=uow, actor=actor, notice_id=parse_uuid(notice_id, what="notice"))
    uow.commit()
    return lead_to(told(row, actor=actor).href or url_for("notice_pages.show"))


@blueprint.route("/<notice_id>/read", methods=["POST"])
@signed_in
def note(notice_id: str) -> Response:
    """It is read."""
    uow = request_unit_of_work()
    mark_read(uow=uow, actor=current_actor(), notice_id=parse_uuid(notice_id, what="notice"))
    uow.commit()
    return lead_to(url_for("notice_pages.show"))


@blueprint.route("/read-all", methods=["POST"])
@signed_in
def note_all() -> Response:
    """All of them are read."""
    uow = request_unit_of_work()
    mark_all_read(uow=uow, actor=current_actor())
    uow.commit()
    return lead_to(url_for("notice_pages.show"), message=gettext("All notices are marked as read."))


@blueprint.route("/choose")
@signed_in
def choose_kinds() -> Response:
    """Which kinds one wants."""
    actor = current_actor()
    kinds = wanted(uow=request_unit_of_work(), actor=actor)
    return page("notices/choose.html", kinds=[(kind, *KIND_NAMES[kind], on) for kind, on in kinds.items()])


@blueprint.route("/choose", methods=["POST"])
@signed_in
def save_kinds() -> Response:
    """Those that are ticked, and no others."""
    uow, actor = request_unit_of_work(), current_actor()
    ticked = set(request.form.getlist("kind"))
    choose(uow=uow, actor=actor, chosen={kind: kind in ticked for kind in offered(actor)})
    uow.commit()
    return lead_to(url_for("notice_pages.show"), message=gettext("From now on you get these notices."))


def _listed(template: str) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    cursor = request.args.get("cursor") or None
    found = read_list(uow=uow, actor=actor, limit=ROWS, cursor=cursor)
    values: dict[str, Any] = {
        "rows": [(row, told(row, actor=actor)) for row in found.items],
        "next_cursor": found.next_cursor,
        "cursor": cursor,
        "unread": unread(uow=uow, actor=actor),
    }
    answer = page(template, **values)
    uow.commit()
    return answer
