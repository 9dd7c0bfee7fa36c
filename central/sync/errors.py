"""What can be wrong with a push or a decision."""

from kernel.errors import Conflict, Forbidden
from kernel.text import N_


class TenantNotActive(Forbidden):
    """The hospital is suspended: its events wait with it, and none of them is at fault."""

    code = "tenant_not_active"
    title = N_("This hospital is not active")
    advice = N_("What it has to say waits until it is.")


class DeadLetterDecided(Conflict):
    """Somebody already decided what becomes of this dead letter."""

    code = "dead_letter_decided"
    title = N_("This was already decided")
    advice = N_("Load the list again to see what became of it.")
