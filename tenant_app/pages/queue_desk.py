"""At the desk: a number for somebody who has come, the ticket, and sending somebody on."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import local_today
from kernel.errors import Conflict, InvalidFields, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.appointments.public import Filter as Appointments
from tenant_app.appointments.public import list_appointments
from tenant_app.hospital.public import hospital_info
from tenant_app.pages.forms import chosen_id, lead_to, page, seen_version, spoken
from tenant_app.pages.queue_pages import PRIORITY_NAMES
from tenant_app.pages.recent_patients import recently_opened
from tenant_app.pages.shown import banner, options
from tenant_app.pages.working_days import departments_in_reach, limited_to
from tenant_app.patients.public import patient_record
from tenant_app.patients.public import read as read_patient
from tenant_app.queue.public import AlreadyWaiting, Arrival, masked_name, priority_by_age, read, take, transfer
from tenant_app.staff.public import list_departments

blueprint = Blueprint("queue_desk", __name__, url_prefix="/queue")


@blueprint.route("/new")
@requires("queue.take")
def new() -> Response:
    """For whom, then where to."""
    wanted = chosen_id(request.args.get("patient"), what="patient")
    if wanted is None:
        recent = recently_opened(uow=request_unit_of_work(), actor=current_actor())
        return page("queue/choose_patient.html", carried={}, recent=recent)
    return _form(wanted)


@blueprint.route("/new", methods=["POST"])
@requires("queue.take")
def create() -> Response:
    """Give the number, and lead to its ticket."""
    uow, actor = request_unit_of_work(), current_actor()
    patient_id = parse_uuid(request.form.get("patient", ""), what="patient")
    department = request.form.get("department", "")
    if not department:
        return _form(patient_id, errors={"department": [gettext("Choose a department")]})
    try:
        made = take(
            uow=uow,
            actor=actor,
            arrival=Arrival(
                patient_id=patient_id,
                department_id=parse_uuid(department, what="department"),
                priority=request.form.get("priority") or None,
            ),
        )
    except InvalidFields as wrong:
        uow.session.rollback()
        named = {"department_id": "department", "patient_id": "patient"}
        return _form(patient_id, errors={named.get(at, at): words for at, words in spoken(wrong.errors).items()})
    except Conflict as refused:
        uow.session.rollback()
        has = refused.data if isinstance(refused, AlreadyWaiting) else {}
        return _form(patient_id, refused=sentences(refused), has=has, status=refused.status)
    uow.commit()
    return lead_to(url_for("queue_desk.ticket", entry_id=made.id))


@blueprint.route("/numbers/<entry_id>")
@requires("queue.read")
def ticket(entry_id: str) -> Response:
    """The ticket, to print: the number, and of the name only what tells two tickets apart."""
    uow, actor = request_unit_of_work(), current_actor()
    row = read(uow=uow, actor=actor, entry_id=parse_uuid(entry_id, what="queue_entry"))
    answer = page(
        "queue/ticket.html",
        row=row,
        name=masked_name(row.patient_name),
        hospital=hospital_info(uow=uow),
    )
    uow.commit()
    return answer


@blueprint.route("/numbers/<entry_id>/transfer")
@requires("queue.take")
def ask_transfer(entry_id: str) -> Response:
    """Where to?"""
    return _transfer_page(parse_uuid(entry_id, what="queue_entry"))


@blueprint.route("/numbers/<entry_id>/transfer", methods=["POST"])
@requires("queue.take")
def send_on(entry_id: str) -> Response:
    """End this number and give one there."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(entry_id, what="queue_entry")
    department = request.form.get("department", "")
    if not department:
        return _transfer_page(wanted, errors={"department": [gettext("Choose a department")]})
    try:
        there = parse_uuid(department, what="department")
        made = transfer(uow=uow, actor=actor, entry_id=wanted, department_id=there, version=seen_version())
    except InvalidFields as wrong:
        uow.session.rollback()
        return _transfer_page(wanted, errors={"department": spoken(wrong.errors).get("department_id", [])})
    except (Conflict, PreconditionFailed) as refused:
        uow.session.rollback()
        return _transfer_page(wanted, refused=sentences(refused), status=refused.status)
    uow.commit()
    return lead_to(url_for("queue_desk.ticket", entry_id=made.id), message=gettext("The patient has a number there."))


def _form(
    patient_id: UUID,
    *,
    errors: dict[str, list[str]] | None = None,
    refused: tuple[str, str] | None = None,
    has: Any = None,
    status: int | None = None,
) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    record = read_patient(uow=uow, actor=actor, patient_id=patient_id)
    today = local_today()
    booked = list_appointments(uow=uow, wanted=Appointments(since=today, until=today, patient_id=patient_id)).items
    awaited = [row for row in booked if row.status in {"scheduled", "confirmed"}]
    within = departments_in_reach(uow)
    departments = [(str(each.id), each.name) for each in within]
    first = str(awaited[0].department_id) if awaited else departments[0][0] if len(departments) == 1 else ""
    answer = page(
        "queue/take.html",
        status=status or (HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK),
        patient=banner(record),
        departments=departments,
        limited_to=limited_to(uow, within),
        department=request.form.get("department", first),
        priorities=options(PRIORITY_NAMES),
        priority=request.form.get("priority") or priority_by_age(record.patient.date_of_birth, day=today),
        awaited=awaited,
        errors=errors or {},
        refused=refused,
        has=has or {},
    )
    uow.commit()
    return answer


def _transfer_page(
    entry_id: UUID,
    *,
    errors: dict[str, list[str]] | None = None,
    refused: tuple[str, str] | None = None,
    status: int | None = None,
) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    row = read(uow=uow, actor=actor, entry_id=entry_id)
    departments = list_departments(uow=uow, active_only=True).items
    answer = page(
        "queue/transfer.html",
        status=status or (HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK),
        row=row,
        patient=banner(patient_record(uow=uow, patient_id=row.patient_id)),
        departments=[(str(each.id), each.name) for each in departments if each.id != row.department_id],
        department=request.form.get("department", ""),
        errors=errors or {},
        refused=refused,
    )
    uow.commit()
    return answer
