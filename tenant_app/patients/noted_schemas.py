"""What all pieces of a record have in common over the API."""

import marshmallow as ma

from tenant_app.schemas import Body


class EndNotedBody(Body):
    """Why it ends: it holds no longer, or it never did."""

    reason = ma.fields.String(load_default="ended", validate=ma.validate.OneOf(("ended", "mistaken")))


class NotedAnswer(ma.Schema):
    """Who wrote a piece down and who ended it; `ended_at` is null while it holds."""

    id = ma.fields.UUID()
    created_at = ma.fields.AwareDateTime()
    created_by_name = ma.fields.String(allow_none=True)
    ended_at = ma.fields.AwareDateTime(allow_none=True)
    ended_by_name = ma.fields.String(allow_none=True)
    end_reason = ma.fields.String(allow_none=True)
