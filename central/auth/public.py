"""What other folders may use of signing in."""

from central.auth import lockout
from central.auth.account import OwnAccount
from central.auth.account_api import add_account_routes
from central.auth.account_pages import account_pages
from central.auth.columns import (
    ACCOUNT_STATUSES,
    AccountColumns,
    InviteColumns,
    PasswordHistoryColumns,
    RefreshTokenColumns,
    SessionColumns,
    SignInFailureColumns,
)
from central.auth.gate import Gate, gate_for, visitor
from central.auth.invites import IssuedInvite, new_invite, void_invites
from central.auth.lockout import SignInLocked
from central.auth.schemas import AcceptInviteBody, Body, RefreshBody, TenantSignInBody, TokensAnswer
from central.auth.secrets import InvalidSecret, RoutedSecret, digest_of, new_secret, parse_secret
from central.auth.sessions import RefreshReplayed, SessionRules, Sessions, Tokens, Visitor, end_sessions, living
from central.auth.signing_in import SignInFailed, SigningIn
from central.auth.signing_keys import signer_from
from central.auth.token_api import TokenKeeper, token_blueprint

__all__ = [
    "ACCOUNT_STATUSES",
    "AcceptInviteBody",
    "AccountColumns",
    "Body",
    "Gate",
    "InvalidSecret",
    "InviteColumns",
    "IssuedInvite",
    "OwnAccount",
    "PasswordHistoryColumns",
    "RefreshBody",
    "RefreshReplayed",
    "RefreshTokenColumns",
    "RoutedSecret",
    "SessionColumns",
    "SessionRules",
    "Sessions",
    "SignInFailed",
    "SignInFailureColumns",
    "SignInLocked",
    "SigningIn",
    "TenantSignInBody",
    "TokenKeeper",
    "Tokens",
    "TokensAnswer",
    "Visitor",
    "account_pages",
    "add_account_routes",
    "digest_of",
    "end_sessions",
    "gate_for",
    "living",
    "lockout",
    "new_invite",
    "new_secret",
    "parse_secret",
    "signer_from",
    "token_blueprint",
    "visitor",
    "void_invites",
]
