"""Identifiers that carry their meaning in their type."""

import os
import re
import time
from typing import Self
from uuid import UUID, uuid4

from kernel.errors import InvalidIdentifier

_TENANT_CODE = re.compile(r"[a-z][a-z0-9-]{1,48}[a-z0-9]")


class TenantId(UUID):
    """The identity of one hospital. Made only from a verified token, a registry row or an explicit argument."""

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a tenant id from text or a UUID; raises InvalidIdentifier for anything else, never defaults."""
        if isinstance(value, cls):
            return value
        if isinstance(value, UUID):
            return cls(int=value.int)
        try:
            return cls(str(value))
        except ValueError as err:
            raise InvalidIdentifier("tenant") from err


def parse_tenant_code(value: str) -> str:
    """Canonical hospital code: lower case letters, digits and hyphens, 3 to 50 long; raises InvalidIdentifier."""
    code = value.strip().lower()
    if not _TENANT_CODE.fullmatch(code):
        raise InvalidIdentifier("tenant_code")
    return code


def parse_uuid(value: object, *, what: str) -> UUID:
    """Read a UUID, or raise InvalidIdentifier naming `what`."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError as err:
        raise InvalidIdentifier(what) from err


def new_row_id() -> UUID:
    """A time-ordered UUID (RFC 9562 version 7), for rows whose id must be known before they are inserted."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF000 << 64) & ~(0xC000 << 48) | 0x7000 << 64 | 0x8000 << 48
    return UUID(int=value)


def new_global_id() -> UUID:
    """A random UUID for ids that leave the hospital: they must not tell when they were made."""
    return uuid4()
