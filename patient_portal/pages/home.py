"""The start page: the next appointment, large, and one way to each thing."""

from flask import Blueprint, render_template

from kernel.web.access import signed_in
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.appointments.overview import overview
from patient_portal.auth.sessions import signed_in_patient
from patient_portal.hospitals.access import HospitalAccess

pages = Blueprint("home", __name__)


@pages.route("/", methods=["GET"])
@signed_in
def show() -> str:
    """Over all hospitals of the session."""
    patient = signed_in_patient()
    found = overview(access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=patient, numbers=True)
    return render_template("patient/home.html", patient=patient, overview=found)
