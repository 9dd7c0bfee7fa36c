"""The words of states for all portals: what `status_badge` shows for a status of the database or the API."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from kernel.text import N_


class Shown(NamedTuple):
    """How a status is shown: its word (an English message), its tone and its icon."""

    word: str
    tone: str
    icon: str


STATUSES: Final[Mapping[str, Shown]] = {
    "scheduled": Shown(N_("Scheduled"), "info", "calendar"),
    "confirmed": Shown(N_("Confirmed"), "info", "calendar-check"),
    "in_progress": Shown(N_("In progress"), "warning", "stethoscope"),
    "completed": Shown(N_("Completed"), "success", "check"),
    "cancelled": Shown(N_("Cancelled"), "neutral", "x"),
    "no_show": Shown(N_("Did not come"), "neutral", "calendar-x"),
    "provisioning": Shown(N_("Being set up"), "info", "hourglass"),
    "active": Shown(N_("Active"), "success", "circle-check"),
    "inactive": Shown(N_("Inactive"), "neutral", "ban"),
    "deceased": Shown(N_("Deceased"), "danger", "circle-x"),
    "suspended": Shown(N_("Suspended"), "danger", "player-pause"),
    "archived": Shown(N_("Archived"), "neutral", "archive"),
    "invited": Shown(N_("Invited"), "info", "mail"),
    "locked": Shown(N_("Locked"), "danger", "lock"),
    "provisional": Shown(N_("Not yet in the index"), "warning", "hourglass"),
    "settled": Shown(N_("In the index"), "success", "link"),
    "uploaded": Shown(N_("Uploaded"), "info", "file-text"),
    "checking": Shown(N_("Being checked"), "info", "hourglass"),
    "checked": Shown(N_("Checked"), "warning", "checks"),
    "committing": Shown(N_("Being imported"), "info", "hourglass"),
    "taking_back": Shown(N_("Being taken back"), "info", "hourglass"),
    "taken_back": Shown(N_("Taken back"), "neutral", "rotate"),
    "pending": Shown(N_("Waiting"), "neutral", "clock"),
    "running": Shown(N_("Running"), "info", "loader-2"),
    "done": Shown(N_("Done"), "success", "check"),
    "succeeded": Shown(N_("Done"), "success", "check"),
    "failed": Shown(N_("Failed"), "danger", "circle-x"),
    "dead": Shown(N_("Dead letter"), "danger", "inbox"),
    "replayed": Shown(N_("Sent again"), "info", "rotate"),
    "discarded": Shown(N_("Discarded"), "neutral", "trash"),
}
