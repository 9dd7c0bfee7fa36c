"""One's own saved filters: keeping one, and the page on which they are renamed, made the default and deleted."""

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.pages.filter_words import described
from tenant_app.pages.forms import lead_to, page, sent_version, spoken, typed
from tenant_app.pages.saved_lists import SHOWN
from tenant_app.saved_filters.public import (
    LISTS,
    LONGEST_NAME,
    MOST_FILTERS,
    FilterNameTaken,
    FilterRow,
    TooManyFilters,
    change_filter,
    delete_filter,
    list_filters,
    own_filter,
    replace_filter,
    save_filter,
)

blueprint = Blueprint("filter_pages", __name__, url_prefix="/filters")

_MOST_SHOWN: Final = MOST_FILTERS * len(LISTS)


@blueprint.route("")
@signed_in
def show() -> Response:
    """All of one's own, by list."""
    uow, actor = request_unit_of_work(), current_actor()
    rows = list_filters(uow=uow, actor=actor, limit=_MOST_SHOWN).items
    words = described(uow, rows)
    lists = [
        (name, shown, [(row, words[row.id]) for row in rows if row.list_name == name])
        for name, shown in SHOWN.items()
        if actor.may(LISTS[name].permission) or any(row.list_name == name for row in rows)
    ]
    return page(
        "filters/list.html",
        lists=[each for each in lists if each[2]],
        offered=[(shown.title, shown.endpoint) for name, shown, kept in lists if not kept],
    )


@blueprint.route("", methods=["POST"])
@signed_in
def save() -> Response:
    """Keep what is chosen in a list; where the name is taken the page asks whether to replace what it holds."""
    uow, actor = request_unit_of_work(), current_actor()
    list_name = request.form.get("list", "")
    if list_name not in LISTS:
        raise NotFound("list")
    asked = {name: request.form.get(name, "").strip()[:100] for name in LISTS[list_name].parameters}
    wish: dict[str, Any] = {
        "list_name": list_name,
        "name": typed("name"),
        "parameters": {name: value for name, value in asked.items() if value},
        "is_default": "is_default" in request.form,
    }
    keep = replace_filter if "replace" in request.form else save_filter
    try:
        made = keep(uow=uow, actor=actor, **wish)
    except InvalidFields as wrong:
        uow.session.rollback()
        return _keep_form(wish, errors=spoken(wrong.errors), status=wrong.status)
    except (FilterNameTaken, TooManyFilters) as why:
        uow.session.rollback()
        return _keep_form(wish, refusal=sentences(why), taken=isinstance(why, FilterNameTaken), status=why.status)
    uow.commit()
    return lead_to(_opened(made), message=gettext("The filter is saved."))


@blueprint.route("/<filter_id>")
@signed_in
def edit(filter_id: str) -> Response:
    """One of them, to be renamed."""
    found = own_filter(
        uow=request_unit_of_work(), actor=current_actor(), filter_id=parse_uuid(filter_id, what="filter")
    )
    return _edit_form(found, shown={"name": found.name, "is_default": found.is_default})


@blueprint.route("/<filter_id>", methods=["POST"])
@signed_in
def change(filter_id: str) -> Response:
    """Another name, the list's default or not."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(filter_id, what="filter")
    shown: dict[str, Any] = {"name": typed("name"), "is_default": "is_default" in request.form}
    try:
        change_filter(uow=uow, actor=actor, filter_id=wanted, version=sent_version(), **shown)
    except (InvalidFields, FilterNameTaken, PreconditionFailed) as wrong:
        uow.session.rollback()
        found = own_filter(uow=uow, actor=actor, filter_id=wanted)
        refusal = None if isinstance(wrong, InvalidFields) else sentences(wrong)
        return _edit_form(found, shown=shown, errors=spoken(wrong.errors), refusal=refusal, status=wrong.status)
    uow.commit()
    return lead_to(url_for("filter_pages.show"), message=gettext("The filter is changed."))


@blueprint.route("/<filter_id>/delete", methods=["POST"])
@signed_in
def delete(filter_id: str) -> Response:
    """Delete it; the list it was of stays as it is."""
    uow = request_unit_of_work()
    delete_filter(uow=uow, actor=current_actor(), filter_id=parse_uuid(filter_id, what="filter"))
    uow.commit()
    return lead_to(url_for("filter_pages.show"), message=gettext("The filter is deleted."))


def _opened(row: FilterRow) -> str:
    return url_for(SHOWN[row.list_name].endpoint, filter=row.id)


def _keep_form(
    wish: dict[str, Any],
    *,
    errors: dict[str, list[str]] | None = None,
    refusal: tuple[str, str] | None = None,
    taken: bool = False,
    status: int,
) -> Response:
    shown = SHOWN[wish["list_name"]]
    return page(
        "filters/keep.html",
        status=status,
        wish=wish,
        fields={"list": wish["list_name"], **wish["parameters"]},
        errors={name.partition(".")[0]: said for name, said in (errors or {}).items()},
        refusal=refusal,
        taken=taken,
        back=(url_for(shown.endpoint, **wish["parameters"]), gettext(shown.title)),
        longest_name=LONGEST_NAME,
    )


def _edit_form(
    found: FilterRow,
    *,
    shown: dict[str, Any],
    errors: dict[str, list[str]] | None = None,
    refusal: tuple[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    return page(
        "filters/edit.html",
        status=status,
        row=found,
        words=described(request_unit_of_work(), [found])[found.id],
        shown=shown,
        errors=errors or {},
        refusal=refusal,
        longest_name=LONGEST_NAME,
    )
