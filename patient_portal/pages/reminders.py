"""Whether one wants to be reminded of appointments, at each hospital and by which channel."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, g, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from kernel.errors import InvalidFields
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.auth.sessions import patient_here, signed_in_patient
from patient_portal.hospitals.access import HospitalAccess, Visit
from patient_portal.pages.forms import go, sentence
from tenant_app.patients.public import read
from tenant_app.reminders.public import Offered, Wishes, offered, set_wishes, wishes_of

pages = Blueprint("reminders", __name__)

_WISHES: Final = ("email", "sms", "language")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What a hospital offers, where it would send, and what the patient said."""

    offered: Offered
    wishes: Wishes
    email: str | None
    phone: str | None


@pages.route("/reminders", methods=["GET"])
@signed_in
def show() -> str:
    """One form a hospital; e-mails lead here."""

    def choice(visit: Visit) -> Choice:
        person = read(uow=visit.uow, actor=visit.actor, patient_id=visit.patient_id).patient
        return Choice(
            offered=offered(uow=visit.uow),
            wishes=wishes_of(uow=visit.uow, patient_id=visit.patient_id),
            email=person.email,
            phone=person.phone,
        )

    gathered = collaborator(HospitalAccess).gather(uow=request_unit_of_work(), patient=signed_in_patient(), work=choice)
    return render_template("patient/reminders.html", found=gathered.found, unavailable=gathered.unavailable)


@pages.route("/hospitals/<string:tenant_code>/reminders", methods=["POST"])
@signed_in
def save(tenant_code: str) -> Response:
    """What one wants at this hospital."""
    del tenant_code  # The gatekeeper has read it.
    uow = request_unit_of_work()
    given = {name: request.form[name] for name in _WISHES if request.form.get(name)}
    try:
        set_wishes(uow=uow, actor=current_actor(), patient_id=patient_here(), given=given)
    except InvalidFields as wrong:
        uow.session.rollback()
        flash(sentence(wrong), "danger")
    else:
        uow.commit()
        flash(gettext("Your choice for %(name)s is saved.", name=g.hospital.name), "success")
    return go("reminders.show")
