"""Bodies and answers about unusual access."""

import marshmallow as ma

from tenant_app.schemas import MAX_TEXT, Body, Listed, page_answer
from tenant_app.unusual.models import KINDS, STATES


class FindingsAsked(Listed):
    """`?state=&kind=&limit=&cursor=`."""

    state = ma.fields.String(validate=ma.validate.OneOf(STATES))
    kind = ma.fields.String(validate=ma.validate.OneOf(KINDS))


class DecisionBody(Body):
    """What somebody says about it; `explained` needs a note."""

    state = ma.fields.String(required=True, validate=ma.validate.OneOf(STATES))
    note = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=MAX_TEXT))


class FindingAnswer(ma.Schema):
    """Something that stood out: who, when, how many, and the ids of the rows behind it (500 at most)."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    user_id = ma.fields.UUID()
    user_name = ma.fields.String()
    user_role = ma.fields.String()
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()
    patients = ma.fields.Integer()
    reads = ma.fields.Integer()
    usual = ma.fields.Integer(allow_none=True)
    row_ids = ma.fields.List(ma.fields.UUID())
    state = ma.fields.String()
    note = ma.fields.String(allow_none=True)
    decided_at = ma.fields.AwareDateTime(allow_none=True)
    decided_by = ma.fields.String(allow_none=True)
    version = ma.fields.Integer()


FindingsAnswer = page_answer("AccessFindings", FindingAnswer)
