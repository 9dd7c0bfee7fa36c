"""What other folders may use of signing in."""

from central.auth.columns import AccountColumns, InviteColumns, RefreshTokenColumns, SessionColumns
from central.auth.secrets import InvalidSecret, RoutedSecret, new_secret, parse_secret

__all__ = [
    "AccountColumns",
    "InvalidSecret",
    "InviteColumns",
    "RefreshTokenColumns",
    "RoutedSecret",
    "SessionColumns",
    "new_secret",
    "parse_secret",
]
