"""Why somebody cannot decide about a finding."""

from kernel.errors import Forbidden
from kernel.text import N_


class OwnFinding(Forbidden):
    """Nobody decides about what they did themselves."""

    code = "own_finding"
    title = N_("This is about yourself")
    advice = N_("Somebody else who may decide looks at it.")
