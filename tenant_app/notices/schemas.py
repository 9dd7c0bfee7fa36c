"""Bodies and answers about notices."""

import marshmallow as ma

from tenant_app.schemas import Body, Listed, page_answer


class NoticesAsked(Listed):
    """`?unread=true` for those that were not read."""

    unread = ma.fields.Boolean(load_default=False)


class NoticeAnswer(ma.Schema):
    """A notice. What happened, the thing says: the API shows it by its id, under its own permission."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    thing_id = ma.fields.UUID(allow_none=True)
    made_at = ma.fields.AwareDateTime()
    read_at = ma.fields.AwareDateTime(allow_none=True)


NoticesAnswer = page_answer("Notices", NoticeAnswer)


class UnreadAnswer(ma.Schema):
    """How many are unread; counting ends at 100."""

    unread = ma.fields.Integer()


class WantedBody(Body):
    """Kinds, and whether each is wanted; kinds that are not named stay as they are."""

    kinds = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Boolean(), required=True)


class WantedAnswer(ma.Schema):
    """Every kind that one may be told of, and whether it is wanted."""

    kinds = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Boolean())
