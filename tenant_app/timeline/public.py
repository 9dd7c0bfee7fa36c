"""What other folders may use of the timeline."""

from tenant_app.timeline.service import Event, kinds_for, timeline
from tenant_app.timeline.sources import SOURCES

KINDS = tuple(SOURCES)

__all__ = ["KINDS", "Event", "kinds_for", "timeline"]
