"""What each hospital has written down about the person; to read."""

from flask import Blueprint, render_template

from kernel.web.access import signed_in
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.auth.sessions import signed_in_patient
from patient_portal.hospitals.access import HospitalAccess, Visit
from tenant_app.patients.public import PatientRecord, read

pages = Blueprint("record", __name__)


@pages.route("/my-data", methods=["GET"])
@signed_in
def show() -> str:
    """One card a hospital: they may differ, and each is that hospital's own."""

    def own(visit: Visit) -> PatientRecord:
        return read(uow=visit.uow, actor=visit.actor, patient_id=visit.patient_id)

    gathered = collaborator(HospitalAccess).gather(uow=request_unit_of_work(), patient=signed_in_patient(), work=own)
    return render_template("patient/record.html", found=gathered.found, unavailable=gathered.unavailable)
