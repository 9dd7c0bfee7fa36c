"""What the command bar finds in this hospital for the letters that somebody types."""

from typing import Final

from flask import Blueprint, Response, url_for

from kernel.errors import InvalidFields
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import lead_to, page, typed, wants_part
from tenant_app.pages.patient_pages import FIRST_AT
from tenant_app.patients.public import PatientRow, read_search, search

blueprint = Blueprint("lookup", __name__, url_prefix="/lookup")

AT_ONCE: Final = 6


@blueprint.route("", methods=["POST"])
@requires("patient.read")
def patients() -> Response:
    """The first patients who fit, none for letters that are no search. A post: a CCCD must stand in no address."""
    if not wants_part():
        return lead_to(url_for("patient_pages.find"))
    uow, query = request_unit_of_work(), typed("query")
    found: list[PatientRow] = []
    if len(query) >= FIRST_AT:
        try:
            found = search(uow=uow, actor=current_actor(), terms=read_search(query), limit=AT_ONCE).items
        except InvalidFields:
            # "dat lich" is no patient: the bar still offers pages and tasks.
            found = []
        uow.commit()
    return page("lookup/patients.html", found=found)
