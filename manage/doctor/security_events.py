"""Critical security events of the last days: what looked like an attack on central's registry or on a hospital."""

from typing import Any, Final

import psycopg

from kernel.clock import LOCAL_ZONE
from manage.doctor.finding import Finding, note, ok

DAYS: Final = 7

# Kinds and codes only: `event_details` and addresses are for those who may read them in the console.
_RECENT: Final = """
SELECT e.security_event, count(*), max(e.created_at), array_agg(DISTINCT t.tenant_code ORDER BY t.tenant_code)
    FILTER (WHERE t.tenant_code IS NOT NULL)
FROM security_audit_logs e LEFT JOIN tenants t ON t.id = e.tenant_id
WHERE e.risk_level = 'critical' AND e.created_at >= now() - make_interval(days => %s)
GROUP BY e.security_event ORDER BY e.security_event
"""


def security_events(connection: psycopg.Connection[Any], *, console: str) -> Finding:
    """How many there are, of which kinds, the latest, and of whom; `console` is the console's address.

    A note, not a fault: rows of the log stay, so that a fault would stay a week after it was mended.
    """
    rows = connection.execute(_RECENT, (DAYS,)).fetchall()
    if not rows:
        return ok("security events", f"none critical in the last {DAYS} days")
    latest = max(row[2] for row in rows)
    hospitals = sorted({code for row in rows for code in row[3] or ()})
    kinds = ", ".join(f"{kind} ({count})" for kind, count, *_ in rows)
    of_whom = f" Hospitals: {', '.join(hospitals)}." if hospitals else ""
    return note(
        "security events",
        f"{sum(row[1] for row in rows)} critical in the last {DAYS} days: {kinds};"
        f" the latest {latest.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M} (Việt Nam).{of_whom}",
        f"See each in the console under Security ({console.rstrip('/')}/security-events?risk=critical), and compare the"
        " hospital's rows of tenant_credentials and its database with a backup. Treat it as an attack on central's"
        " database until you know better.",
    )
