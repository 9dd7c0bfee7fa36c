"""Bodies of signing in, the same in each portal."""

from typing import Any, Final

import marshmallow as ma

from kernel.passwords import MAXIMUM_LENGTH

# A recovery code with blanks between all its letters.
_LONGEST_OTP: Final = 40


class Body(ma.Schema):
    """A JSON body: unknown fields are refused."""

    class Meta:
        unknown = ma.RAISE


def otp_field(**how: Any) -> ma.fields.String:
    """The code of the app, or a recovery code, as somebody typed it."""
    return ma.fields.String(validate=ma.validate.Length(max=_LONGEST_OTP), load_only=True, **how)


class SignInBody(Body):
    """`{username, password, otp?}`; staff name the hospital too."""

    username = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)
    otp = otp_field(load_default=None, allow_none=True)


class TenantSignInBody(SignInBody):
    """`{tenant, username, password, otp?}`."""

    tenant = ma.fields.String(required=True, validate=ma.validate.Length(1, 50))


class RefreshBody(Body):
    """`{refresh_token}`."""

    refresh_token = ma.fields.String(required=True, validate=ma.validate.Length(1, 256), load_only=True)


class AcceptInviteBody(Body):
    """`{token, password, otp?}`; `otp` where the invite is for a new password and there is a second factor."""

    token = ma.fields.String(required=True, validate=ma.validate.Length(1, 256), load_only=True)
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)
    otp = otp_field(load_default=None, allow_none=True)


class TokensAnswer(ma.Schema):
    """What a sign-in answers. The last two stand in it once, where there is something to tell."""

    access_token = ma.fields.String(required=True)
    refresh_token = ma.fields.String(required=True)
    token_type = ma.fields.String(required=True)
    expires_in = ma.fields.Integer(required=True)
    mfa_reset_at = ma.fields.AwareDateTime()
    recovery_codes_left = ma.fields.Integer()


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


class ProofBody(Body):
    """`{password, otp?}`; `otp` where a second factor is on."""

    password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)
    otp = otp_field(load_default="")


class ConfirmFactorBody(Body):
    """`{otp}`."""

    otp = otp_field(required=True)


class FactorAnswer(ma.Schema):
    """One's own second factor."""

    enabled = ma.fields.Boolean(required=True)
    enabled_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    recovery_left = ma.fields.Integer(required=True, data_key="recovery_codes_left")


class EnrolmentAnswer(ma.Schema):
    """A secret in base 32, and the `otpauth://` address that a QR code holds."""

    secret = ma.fields.String(required=True)
    address = ma.fields.String(required=True, data_key="otpauth_uri")


class RecoveryCodesAnswer(ma.Schema):
    """Recovery codes; they are shown this once."""

    recovery_codes = ma.fields.List(ma.fields.String(), required=True)
