"""What the hospitals told the patient: the bell of every page, and the list."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from kernel.web.access import by_itself, signed_in
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.auth.sessions import patient_here, signed_in_patient
from patient_portal.hospitals.access import HospitalAccess
from patient_portal.notices import count_unread, list_notices, note_all_read
from patient_portal.pages.forms import go
from patient_portal.pages.notice_words import leads_to, told
from tenant_app.notices.public import note_own_read

pages = Blueprint("my_notices", __name__)


@pages.route("/notices", methods=["GET"])
@signed_in
def show() -> str:
    """Over all hospitals, the newest first."""
    cursor = request.args.get("cursor") or None
    found = list_notices(
        access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=signed_in_patient(), cursor=cursor
    )
    return render_template(
        "patient/notices.html",
        rows=[(item.hospital, item.row, told(item)) for item in found.page.items],
        next_cursor=found.page.next_cursor,
        unread=found.unread,
        unavailable=found.page.unavailable,
    )


@pages.route("/notices/bell", methods=["GET"])
@by_itself
def bell() -> str:
    """How many are unread at all hospitals."""
    found = count_unread(access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=signed_in_patient())
    return render_template("patient/bell.html", unread=found.count)


@pages.route("/notices/read-all", methods=["POST"])
@signed_in
def note_all() -> Response:
    """All of them are read."""
    away = note_all_read(access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=signed_in_patient())
    for hospital in away:
        flash(
            gettext("%(name)s cannot be reached just now: its notices stay as they are.", name=hospital.name), "warning"
        )
    if not away:
        flash(gettext("All notices are marked as read."), "success")
    return go("my_notices.show")


@pages.route("/hospitals/<string:tenant_code>/notices/<uuid:notice_id>/open", methods=["POST"])
@signed_in
def lead_on(tenant_code: str, notice_id: UUID) -> Response:
    """To what it is about; with that it is read."""
    del tenant_code  # The gatekeeper has read it.
    uow = request_unit_of_work()
    row = note_own_read(uow=uow, patient_id=patient_here(), notice_id=notice_id)
    uow.commit()
    return redirect(leads_to(g.hospital.code, row), 303)


@pages.route("/hospitals/<string:tenant_code>/notices/<uuid:notice_id>/read", methods=["POST"])
@signed_in
def note(tenant_code: str, notice_id: UUID) -> Response:
    """It is read."""
    del tenant_code
    uow = request_unit_of_work()
    note_own_read(uow=uow, patient_id=patient_here(), notice_id=notice_id)
    uow.commit()
    return go("my_notices.show")
