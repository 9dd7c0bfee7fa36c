"""What other folders may use of the days' figures."""

from tenant_app.usage.counting import DAYS_BACK, count_days

__all__ = ["DAYS_BACK", "count_days"]
