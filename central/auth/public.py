"""What other folders may use of signing in; the columns of their tables they take from `central.auth.columns`."""

from central.auth import lockout
from central.auth.account import OwnAccount, device_of
from central.auth.account_api import add_account_routes
from central.auth.account_pages import account_pages
from central.auth.factor_api import add_factor_routes
from central.auth.factor_errors import (
    FactorDemanded,
    NoPendingFactor,
    NoSecondFactor,
    OtpRefused,
    OtpRequired,
    WrongOtp,
    parse_reset_reason,
)
from central.auth.factor_pages import factor_pages
from central.auth.factors import FactorVault, Proof, SecondFactors, clear_factor, mark_of
from central.auth.gate import Gate, gate_for, visitor
from central.auth.invites import IssuedInvite, new_invite, void_invites
from central.auth.lockout import SignInLocked
from central.auth.own_factor import OwnSecondFactor
from central.auth.schemas import AcceptInviteBody, Body, RefreshBody, TenantSignInBody, TokensAnswer, otp_field
from central.auth.second_step import ask_for_code, greet_with, second_step_pages
from central.auth.secrets import InvalidSecret, RoutedSecret, digest_of, new_secret, parse_secret
from central.auth.sessions import RefreshReplayed, SessionRules, Sessions, Tokens, Visitor, end_sessions, living
from central.auth.signing_in import Invited, SignInFailed, SigningIn, WrongPassword
from central.auth.signing_keys import signer_from
from central.auth.token_api import TokenKeeper, token_blueprint

__all__ = [
    "AcceptInviteBody",
    "Body",
    "FactorDemanded",
    "FactorVault",
    "Gate",
    "InvalidSecret",
    "Invited",
    "IssuedInvite",
    "NoPendingFactor",
    "NoSecondFactor",
    "OtpRefused",
    "OtpRequired",
    "OwnAccount",
    "OwnSecondFactor",
    "Proof",
    "RefreshBody",
    "RefreshReplayed",
    "RoutedSecret",
    "SecondFactors",
    "SessionRules",
    "Sessions",
    "SignInFailed",
    "SignInLocked",
    "SigningIn",
    "TenantSignInBody",
    "TokenKeeper",
    "Tokens",
    "TokensAnswer",
    "Visitor",
    "WrongOtp",
    "WrongPassword",
    "account_pages",
    "add_account_routes",
    "add_factor_routes",
    "ask_for_code",
    "clear_factor",
    "device_of",
    "digest_of",
    "end_sessions",
    "factor_pages",
    "gate_for",
    "greet_with",
    "living",
    "lockout",
    "mark_of",
    "new_invite",
    "new_secret",
    "otp_field",
    "parse_reset_reason",
    "parse_secret",
    "second_step_pages",
    "signer_from",
    "token_blueprint",
    "visitor",
    "void_invites",
]
