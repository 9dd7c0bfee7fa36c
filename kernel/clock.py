"""Time: stored in UTC, shown in Việt Nam's one zone (UTC+7, no summer time)."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

LOCAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
# Days that somebody may mean: what lies beyond is a slip of the hand, and sums with it would overflow.
FIRST_DAY, LAST_DAY = date(1800, 1, 1), date(2999, 12, 31)


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_today(now: datetime | None = None) -> date:
    """The calendar day in Việt Nam at `now`."""
    return (now or utc_now()).astimezone(LOCAL_ZONE).date()
