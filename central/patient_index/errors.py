"""What can be wrong with identifiers and lookups. No message ever holds the number itself."""

from kernel.errors import InvalidFields, TooManyRequests
from kernel.text import N_


class InvalidIdentifierValue(InvalidFields):
    """The text is no identifier of its system; `message` says what is wrong with it, and `errors` names the field."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(f"invalid {field}", errors={field: [message]})
        self.message = message
        self.field = field


class InvalidCccd(InvalidIdentifierValue):
    """The text is no citizen identity number."""


class LookupCapReached(TooManyRequests):
    """The administrator has looked up as many patients today as one may."""

    code = "lookup_cap_reached"
    title = N_("No more lookups today")
    advice = N_("Each administrator has a daily number of lookups. Ask a colleague, or wait until tomorrow.")
