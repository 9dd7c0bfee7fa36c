"""The walk through the console's pages."""

from typing import Final

# Where a GET leads on, or answers with something that is no page.
NO_PAGES: Final = {"session.home", "second_factor.picture"}
SIGNED_OUT: Final = {"sign-in": "/sign-in", "accept": "/invite"}


def console_pages(*, hospital: str, operation: str, administrator: str) -> dict[str, str]:
    """Name → address; as a platform administrator who may see all of them."""
    one = f"/hospitals/{hospital}"
    return {
        "overview": "/overview",
        "hospitals": "/hospitals",
        "hospitals-none": "/hospitals?q=zzz",
        "hospital": one,
        "new": "/hospitals/new",
        "change": f"{one}/edit",
        "suspend": f"{one}/suspend",
        "invite": f"{one}/admin-invite",
        "operation": f"/operations/{operation}",
        "sync": "/sync",
        "sync-hospital": f"/sync/{hospital}",
        "dead-letters": "/sync/dead-letters",
        "lookup": "/patient-lookup",
        "administrators": "/administrators",
        "administrator-new": "/administrators/new",
        "administrator-factor": f"/administrators/{administrator}/second-factor",
        "security": "/security-events",
        "audit": "/audit-log",
        "password": "/account/password",
        "sessions": "/account/sessions",
        "second-factor": "/account/second-factor",
    }
