"""One's own number today: where one is in the line, about how long it takes, and the room. It asks again by itself."""

from typing import Final

from flask import Blueprint, render_template, request

from kernel.clock import utc_now
from kernel.web.access import signed_in
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.auth.sessions import signed_in_patient
from patient_portal.hospitals.access import HospitalAccess, Visit
from tenant_app.queue.public import OwnNumber, own_numbers, read_own_numbers

pages = Blueprint("my_number", __name__)

# How soon to ask again, in seconds: when one is about to be called, when it takes a while yet, and else.
_SOON: Final = 10
_LATER: Final = 30
_NOTHING: Final = 60
_NEAR: Final = 3


@pages.route("/queue", methods=["GET"])
@signed_in
def show() -> str:
    """Over all hospitals of the session. Only opening the page is written down, not each time that it asks again."""
    again = request.headers.get("HX-Request") == "true"

    def own(visit: Visit) -> list[OwnNumber]:
        if again:
            return own_numbers(uow=visit.uow)
        return read_own_numbers(uow=visit.uow, actor=visit.actor, patient_id=visit.patient_id)

    gathered = collaborator(HospitalAccess).gather(uow=request_unit_of_work(), patient=signed_in_patient(), work=own)
    numbers = [(member, each) for member, found in gathered.found for each in found]
    standing = [each for _, each in numbers if each.stands]
    return render_template(
        "patient/queue_part.html" if again else "patient/queue.html",
        standing=[(member, each) for member, each in numbers if each.stands],
        ended=[(member, each) for member, each in numbers if not each.stands],
        called=any(each.status == "called" for each in standing),
        unavailable=gathered.unavailable,
        ask_again=ask_again(standing),
        now=utc_now(),
    )


def ask_again(standing: list[OwnNumber]) -> int:
    """After how many seconds something may have changed that the patient wants to know."""
    if any(each.status == "called" or (each.ahead is not None and each.ahead < _NEAR) for each in standing):
        return _SOON
    return _LATER if standing else _NOTHING
