"""Why a patient could not be given a way into the portal."""

from kernel.errors import Conflict
from kernel.text import N_


class NoIdentifier(Conflict):
    """The patient signs in with the citizen identity number, and has none here."""

    code = "cccd_missing"
    title = N_("This patient has no citizen identity number here")
    advice = N_("Enter the number first: the patient signs in with it.")
