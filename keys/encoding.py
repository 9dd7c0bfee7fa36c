"""An injective encoding of several values into bytes, and canonical base64url.

Used wherever bytes are authenticated: associated data, key contexts, blind index input. Two different lists of values
never give the same bytes, so nothing can be moved from the end of one field to the start of the next.
"""

import binascii

Part = str | bytes | None

_ABSENT = b"n"


def encode(*parts: Part) -> bytes:
    """Encode `parts` so that different lists give different bytes.

    Each part is a tag (`n` absent, `b` bytes, `s` UTF-8 text) and, unless absent, a length of four bytes, big-endian,
    and the value. A list is read back unambiguously from the left, and no list is the beginning of another's parts.
    Raises OverflowError for a part of 4 GiB or more and UnicodeEncodeError for text that is no Unicode.
    """
    pieces: list[bytes] = []
    for part in parts:
        if part is None:
            pieces.append(_ABSENT)
        elif isinstance(part, str):
            value = part.encode()
            pieces += (b"s", len(value).to_bytes(4, "big"), value)
        else:
            pieces += (b"b", len(part).to_bytes(4, "big"), part)
    return b"".join(pieces)


def to_base64url(value: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(value, newline=False).translate(_TO_URL, b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Read what `to_base64url` wrote, and only that: raises ValueError for padding, other characters, spare bits.

    The decoder of the standard library skips foreign characters and ignores the last bits, so that several texts would
    stand for one value; a sealed value that was touched must not open.
    """
    raw = text.encode("ascii")
    value = binascii.a2b_base64(raw.translate(_FROM_URL) + b"=" * (-len(raw) % 4))
    if binascii.b2a_base64(value, newline=False).translate(_TO_URL, b"=") != raw:
        raise ValueError("not canonical base64url")
    return value


_TO_URL = bytes.maketrans(b"+/", b"-_")
# The standard alphabet's own characters become one that no base64 has: "+" is not another way to write "-".
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")
