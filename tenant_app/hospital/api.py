"""The hospital over the API."""

import marshmallow as ma

from kernel.web.access import requires
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from tenant_app.hospital.queries import Hospital, hospital_info

blueprint = Blueprint("hospital", __name__, url_prefix="/api/v1/hospital", description="The hospital itself")


class HospitalAnswer(ma.Schema):
    """What the hospital says of itself."""

    tenant_code = ma.fields.String()
    name = ma.fields.String()
    display_name = ma.fields.String(allow_none=True)
    address = ma.fields.String(allow_none=True)
    phone = ma.fields.String(allow_none=True)
    email = ma.fields.String(allow_none=True)
    website = ma.fields.String(allow_none=True)
    license_number = ma.fields.String(allow_none=True)
    tax_code = ma.fields.String(allow_none=True)
    business_hours = ma.fields.Dict(allow_none=True)


@blueprint.route("", methods=["GET"])
@requires("hospital.read")
@blueprint.response(200, HospitalAnswer)
def show() -> Hospital:
    """The hospital of this session."""
    uow = request_unit_of_work()
    found = hospital_info(uow=uow)
    uow.commit()
    return found
