"""Bodies of signing in, the same in each portal."""

import marshmallow as ma

from kernel.passwords import MAXIMUM_LENGTH


class Body(ma.Schema):
    """A JSON body: unknown fields are refused."""

    class Meta:
        unknown = ma.RAISE


class SignInBody(Body):
    """`{username, password, otp?}`; staff name the hospital too."""

    username = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)
    otp = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=12))


class TenantSignInBody(SignInBody):
    """`{tenant, username, password, otp?}`."""

    tenant = ma.fields.String(required=True, validate=ma.validate.Length(1, 50))


class RefreshBody(Body):
    """`{refresh_token}`."""

    refresh_token = ma.fields.String(required=True, validate=ma.validate.Length(1, 256), load_only=True)


class AcceptInviteBody(Body):
    """`{token, password}`."""

    token = ma.fields.String(required=True, validate=ma.validate.Length(1, 256), load_only=True)
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)


class TokensAnswer(ma.Schema):
    """What a sign-in answers."""

    access_token = ma.fields.String(required=True)
    refresh_token = ma.fields.String(required=True)
    token_type = ma.fields.String(required=True)
    expires_in = ma.fields.Integer(required=True)


class ChangePasswordBody(Body):
    """`{current_password, new_password}`."""

    current_password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)
    new_password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)


class SessionAnswer(ma.Schema):
    """One session of one's own; `current` is the one that asks."""

    id = ma.fields.UUID(required=True)
    device = ma.fields.String(required=True)
    ip_address = ma.fields.String(required=True)
    created_at = ma.fields.AwareDateTime(required=True)
    last_seen_at = ma.fields.AwareDateTime(required=True)
    expires_at = ma.fields.AwareDateTime(required=True)
    current = ma.fields.Boolean(required=True)


class SessionsAnswer(ma.Schema):
    """A page of sessions."""

    items = ma.fields.List(ma.fields.Nested(SessionAnswer), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)
