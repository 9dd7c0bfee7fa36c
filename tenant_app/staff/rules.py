"""What a user name, an e-mail address and a department's code may be. Pure."""

import re
from typing import Final

from kernel.errors import InvalidFields
from kernel.text import N_, canonical

BAD_USERNAME: Final = N_("A user name has 3 to 50 letters a-z, digits, dots, hyphens or underscores.")
BAD_EMAIL: Final = N_("This is not an e-mail address.")
BAD_CODE: Final = N_("A code has 2 to 20 letters A-Z, digits or hyphens.")
BAD_NAME: Final = N_("Enter the full name, in letters.")

_USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,48})[a-z0-9]")
# Enough to catch slips; whether an address exists, only a letter to it can tell.
_EMAIL: Final = re.compile(r"[^@\s\"<>(),;:\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_CODE: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,18})[A-Z0-9]")


def parse_username(text: str, *, field: str = "username") -> str:
    """Lower case; raises InvalidFields."""
    username = text.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise InvalidFields(errors={field: [BAD_USERNAME]})
    return username


def parse_email(text: str, *, field: str = "email") -> str:
    """Lower case, at most 255 characters; raises InvalidFields."""
    email = canonical(text).lower()
    if len(email) > 255 or not _EMAIL.fullmatch(email):
        raise InvalidFields(errors={field: [BAD_EMAIL]})
    return email


def parse_department_code(text: str, *, field: str = "code") -> str:
    """Upper case; raises InvalidFields."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise InvalidFields(errors={field: [BAD_CODE]})
    return code


def parse_person_name(text: str, *, field: str = "full_name") -> str:
    """A person's name in NFC with single blanks; raises InvalidFields for one without letters, or with digits."""
    name = canonical(text)
    letters = sum(letter.isalpha() for letter in name)
    if letters < 2 or len(name) > 255 or any(letter.isdigit() or not letter.isprintable() for letter in name):
        raise InvalidFields(errors={field: [BAD_NAME]})
    return name
