"""Answers about who is connected."""

import marshmallow as ma

from tenant_app.schemas import page_answer


class ConnectedAnswer(ma.Schema):
    """A session with windows that are open now."""

    session_id = ma.fields.UUID()
    user_id = ma.fields.UUID()
    full_name = ma.fields.String()
    role = ma.fields.String()
    windows = ma.fields.Integer()
    ip_address = ma.fields.String(allow_none=True)
    user_agent = ma.fields.String(allow_none=True)
    connected_at = ma.fields.AwareDateTime()


ConnectedAnswers = page_answer("ConnectedPeople", ConnectedAnswer)
