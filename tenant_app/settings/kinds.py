"""What a setting is, and what it takes for a value. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kernel.errors import InvalidFields
from kernel.text import N_, canonical
from tenant_app.staff.models import ROLES

Kind = Literal["number", "switch", "roles", "choice", "text", "secret"]
Value = int | bool | str | tuple[str, ...]

# As marshmallow says it, so that the reader's language is found again (kernel.web.field_messages).
NOT_A_NUMBER: Final = "Must be greater than or equal to %(min)s and less than or equal to %(max)s."
NOT_A_SWITCH: Final = N_("Choose yes or no.")
NOT_ROLES: Final = N_("Choose among the roles.")
NOT_OFFERED: Final = N_("Choose among what the operator of the platform offers.")
NOT_TEXT: Final = N_("This does not look right.")
NOT_A_SECRET: Final = N_("Up to 500 characters on one line.")

_SECRET: Final = re.compile(r"[^\x00-\x1f\x7f]{1,500}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting. `lowest` and `highest` bound a number, `form` a text.

    A `choice` is one of the servers that the operator lists for it, or empty. A `secret` is sealed, bound to the server
    that `server_key` chooses, and never read back.
    """

    key: str
    group: str
    kind: Kind
    default: Value
    label: str
    help: str = ""
    lowest: int = 0
    highest: int = 0
    form: str = ""
    wrong: str = NOT_TEXT
    server_key: str = ""

    @property
    def is_secret(self) -> bool:
        """Whether it is sealed and never shown."""
        return self.kind == "secret"

    def parse(self, given: object) -> Value:
        """A value out of JSON. Raises InvalidFields by the setting's key."""
        match self.kind:
            case "number":
                if isinstance(given, bool) or not isinstance(given, int) or not self.lowest <= given <= self.highest:
                    raise self.invalid(NOT_A_NUMBER % {"min": self.lowest, "max": self.highest})
                return given
            case "switch":
                if not isinstance(given, bool):
                    raise self.invalid(NOT_A_SWITCH)
                return given
            case "roles":
                if not isinstance(given, list | tuple) or not {str(name) for name in given} <= set(ROLES):
                    raise self.invalid(NOT_ROLES)
                return tuple(name for name in ROLES if name in given)
        if not isinstance(given, str):
            raise self.invalid(NOT_TEXT)
        return self._text(given)

    def read(self, stored: str) -> Value:
        """A value as a row keeps it; the default where this version would not take it, and for a secret."""
        if self.is_secret:
            return self.default
        try:
            return self.parse(json.loads(stored))
        except (ValueError, InvalidFields):
            return self.default

    def write(self, value: Value) -> str:
        """The value as a row keeps it."""
        return json.dumps(value)

    def invalid(self, message: str) -> InvalidFields:
        """What is wrong with a value of this setting."""
        return InvalidFields(errors={self.key: [message]})

    def _text(self, given: str) -> str:
        if self.is_secret:
            # As it is: a password may begin or end with a space.
            if not _SECRET.fullmatch(given):
                raise self.invalid(NOT_A_SECRET)
            return given
        text = canonical(given)
        if text and self.form and not re.fullmatch(self.form, text):
            raise self.invalid(self.wrong)
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Offers:
    """What the operator lists for hospitals with accounts of their own: names of servers by the setting's key.

    `usual` are the channels on which messages go by the operator's account where a hospital has none.
    """

    servers: Mapping[str, tuple[str, ...]]
    usual: frozenset[str] = frozenset()

    def of(self, key: str) -> tuple[str, ...]:
        """The servers that a setting may choose."""
        return self.servers.get(key, ())
