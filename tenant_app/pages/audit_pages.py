"""The hospital's access log: looking through it, how many by hour, taking a copy. Looking is written down too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, send_file
from flask_babel import gettext

from kernel.clock import LOCAL_ZONE, local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.audit.public import (
    ACTOR_KINDS,
    Bar,
    LogFilter,
    LogRow,
    bars,
    failures,
    log_page,
    log_rows,
    parse_network,
    period,
    record,
    seal_state,
)
from tenant_app.pages.audit_export import FORMATS, MOST_ROWS
from tenant_app.pages.audit_words import (
    LOG_ACTION_NAMES,
    action_options,
    actions_chosen,
    field_name,
    sentence,
    what,
)
from tenant_app.pages.forms import page, parse_day, spoken, typed, wants_part
from tenant_app.pages.patient_pages import KIND_NAMES
from tenant_app.pages.saved_lists import opened
from tenant_app.pages.shown import options, role_title
from tenant_app.patients.public import patient_record, read_search, search
from tenant_app.staff.public import list_staff
from tenant_app.unusual.public import finding, open_findings

blueprint = Blueprint("audit_pages", __name__, url_prefix="/audit")

ROWS: Final = 50
# Without a choice: today and the six days before.
USUAL_DAYS: Final = 7
MOST_STAFF: Final = 500
_HEIGHT: Final = 100
_DAYS: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row with its sentence, and its details behind a button."""

    row: LogRow
    sentence: str
    details: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnBar:
    """A bar in a picture that is 100 high; `label` says it in words."""

    bar: Bar
    x: int
    height: int
    label: str


@blueprint.route("")
@requires("audit.read")
def show() -> Response:
    """The newest first, as the filter chooses."""
    uow = request_unit_of_work()
    actions = action_options()
    saved = opened(uow, current_actor(), "access_log", offered={"action": [each for each, _ in actions]})
    asked = _asked(saved.args)
    errors: dict[str, list[str]] = {}
    try:
        wanted = _filter(uow, asked)
        listed = log_page(uow=uow, wanted=wanted, limit=ROWS, cursor=request.args.get("cursor") or None)
    except InvalidFields as wrong:
        errors = spoken(wrong.errors)
        wanted = LogFilter(since=_usual_since(), until=local_today())
        listed = None
    drawn = _drawn(bars(uow=uow, wanted=wanted)) if listed is not None else []
    record(uow=uow, actor=current_actor(), action="audit.list", resource_type="audit_log", changed=wanted.named)
    kept, more = _kept(asked, wanted)
    answer = page(
        "audit/show.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        asked=asked,
        errors=errors,
        wanted=wanted,
        lines=[_line(row) for row in listed.items] if listed else [],
        next_cursor=listed.next_cursor if listed else None,
        filtered=len(wanted.named) > len(("since", "until")),
        patient=_patient(uow, wanted.patient_id),
        unusual=open_findings(uow=uow),
        bars=drawn,
        by_hour=(wanted.until - wanted.since).days < 2,
        total=sum(each.bar.count for each in drawn),
        odd=[each for each in drawn if each.bar.stands_out],
        seal=seal_state(uow=uow),
        people=_people(uow),
        actions=actions,
        results=[("done", gettext("Done")), ("failed", gettext("Failed"))],
        most_rows=MOST_ROWS,
        query={name: value for name, value in asked.items() if value},
        filters=None if asked["finding"] else saved.bar(kept, more=more),
        next_query=saved.query,
    )
    uow.commit()
    return answer


@blueprint.route("/export")
@requires("audit.read")
def export() -> Response:
    """What the filter chooses as CSV or as a workbook, the newest rows up to a limit that the file names."""
    uow = request_unit_of_work()
    wanted = _filter(uow, _asked(request.args))
    ending = "xlsx" if request.args.get("format") == "xlsx" else "csv"
    make, mimetype = FORMATS[ending]
    table, count = make(log_rows(uow=uow, wanted=wanted, limit=MOST_ROWS + 1))
    record(
        uow=uow,
        actor=current_actor(),
        action="audit.export",
        resource_type="audit_log",
        resource_id=str(count),
        changed=wanted.named,
    )
    # Before the file is sent: whoever takes it slowly holds no connection to the database.
    uow.commit()
    name = f"nhat-ky-truy-cap-{wanted.since:%Y%m%d}-{wanted.until:%Y%m%d}.{ending}"
    return send_file(table, mimetype=mimetype, as_attachment=True, download_name=name)


@blueprint.route("/patient")
@requires("audit.read")
def choose_patient() -> Response:
    """For whom? The search, whose words stand in no address."""
    return page("audit/choose_patient.html", query="", found=None, errors={}, next_cursor=None)


@blueprint.route("/patient", methods=["POST"])
@requires("audit.read")
def found_patients() -> Response:
    """Who fits, each with the way to the rows about them."""
    uow = request_unit_of_work()
    query = typed("query")
    values: dict[str, Any] = {"query": query, "found": None, "errors": {}, "next_cursor": None}
    if query:
        try:
            cursor = request.form.get("cursor") or None
            listed = search(uow=uow, actor=current_actor(), terms=read_search(query), limit=ROWS, cursor=cursor)
        except InvalidFields as wrong:
            values["errors"] = spoken(wrong.errors)
        else:
            values["found"], values["next_cursor"] = listed.items, listed.next_cursor
    uow.commit()
    return page("audit/found.html" if wants_part() else "audit/choose_patient.html", **values)


def _asked(args: Mapping[str, str]) -> dict[str, str]:
    """The filter as the address has it; days as people write them. `days` are so many up to today."""
    names = ("who", "patient", "action", "result", "address", "finding", "since", "until")
    asked = {name: args.get(name, "").strip()[:2000] for name in names}
    days, today = args.get("days", ""), local_today()
    since = today - timedelta(days=int(days) - 1) if _DAYS.fullmatch(days) else _usual_since()
    asked["since"] = asked["since"] or since.strftime("%d/%m/%Y")
    asked["until"] = asked["until"] or today.strftime("%d/%m/%Y")
    return asked


def _kept(asked: dict[str, str], wanted: LogFilter) -> tuple[dict[str, object], bool]:
    """What of the choice a saved filter holds, and whether there is more: a patient, or days that do not end today."""
    days = (wanted.until - wanted.since).days + 1 if wanted.until == local_today() else 0
    chosen: dict[str, object] = {name: asked[name] for name in ("who", "action", "result", "address")}
    if days and wanted.since != _usual_since():
        chosen["days"] = days
    return chosen, bool(asked["patient"]) or not days


def _usual_since() -> date:
    return local_today() - timedelta(days=USUAL_DAYS - 1)


def _filter(uow: UnitOfWork, asked: dict[str, str]) -> LogFilter:
    """Raises InvalidFields, and NotFound or InvalidIdentifier (404) for an id that is nobody's or none.

    The rows behind a finding are those of its days, whatever days were asked for.
    """
    behind = finding(uow=uow, finding_id=parse_uuid(asked["finding"], what="finding")) if asked["finding"] else None
    if behind is not None:
        asked["since"] = behind.starts_at.astimezone(LOCAL_ZONE).strftime("%d/%m/%Y")
        asked["until"] = asked["since"]
    since, until = parse_day(asked["since"], field="since"), parse_day(asked["until"], field="until")
    period(since, until)
    actions = actions_chosen(asked["action"]) if asked["action"] else list(LOG_ACTION_NAMES)
    failed = failures(actions)
    if asked["result"] == "failed":
        chosen = failed
    elif asked["result"] == "done":
        chosen = [action for action in actions if action not in failed]
    else:
        chosen = actions if asked["action"] else []
    kind = asked["who"] if asked["who"] in ACTOR_KINDS else None
    return LogFilter(
        since=since,
        until=until,
        user_id=parse_uuid(asked["who"], what="user") if asked["who"] and kind is None else None,
        actor_kind=kind,
        patient_id=parse_uuid(asked["patient"], what="patient") if asked["patient"] else None,
        # A choice without any action, such as the failures among readings, must show nothing rather than everything.
        actions=chosen or (["none"] if asked["action"] or asked["result"] else []),
        network=parse_network(asked["address"]) if asked["address"] else None,
        row_ids=None if behind is None else behind.row_ids,
    )


def _patient(uow: UnitOfWork, patient_id: UUID | None) -> tuple[str, str] | None:
    """Name and code of the one whose rows are shown. Raises NotFound for another hospital's."""
    if patient_id is None:
        return None
    found = patient_record(uow=uow, patient_id=patient_id).patient
    return found.full_name, found.patient_code


def _people(uow: UnitOfWork) -> list[tuple[str, str]]:
    staff = list_staff(uow=uow, limit=MOST_STAFF).items
    listed = [(str(each.id), f"{each.full_name} ({role_title(each.role)})") for each in staff]
    return [*options({kind: KIND_NAMES[kind] for kind in ("patient", "admin", "worker")}), *listed]


def _line(row: LogRow) -> Line:
    details = [
        (gettext("Time"), row.created_at.astimezone(LOCAL_ZONE).strftime("%d/%m/%Y %H:%M:%S")),
        (gettext("Action"), f"{what(row.action)} ({row.action})"),
        (gettext("Fields"), ", ".join(map(field_name, row.changed))),
        (gettext("Before"), _values(row.old_values)),
        (gettext("Afterwards"), _values(row.new_values)),
        (gettext("Address"), row.ip_address or ""),
        (gettext("Program"), row.user_agent or ""),
        (gettext("Request"), row.request_id or ""),
        (gettext("Row"), str(row.id)),
    ]
    return Line(row=row, sentence=sentence(row), details=[(term, said) for term, said in details if said])


def _values(values: dict[str, Any] | None) -> str:
    """Rights and settings before or after a change, as `name: value`."""
    said = []
    for name, value in (values or {}).items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "—")
        said.append(f"{field_name(name)}: {text}")
    return "; ".join(said)


def _drawn(found: list[Bar]) -> list[DrawnBar]:
    highest = max((each.count for each in found), default=0) or 1
    by_hour = len(found) > 1 and found[1].starts_at - found[0].starts_at == timedelta(hours=1)
    style = "%H:%M %d/%m" if by_hour else "%d/%m/%Y"
    return [
        DrawnBar(
            bar=each,
            x=number * 10,
            height=max(1, round(each.count * _HEIGHT / highest)) if each.count else 0,
            label=each.starts_at.astimezone(LOCAL_ZONE).strftime(style),
        )
        for number, each in enumerate(found)
    ]
