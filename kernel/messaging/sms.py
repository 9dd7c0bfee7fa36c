"""SMS through a gateway over HTTP, and what fits into a short message.

The gateway's API is the least that providers have in common; a proxy in front of a provider's own translates it:
`POST {url}/messages` with `{"reference", "to", "text", "sender"}`, a bearer token and an `Idempotency-Key` (the
reference) answers 200, 201 or 202 where it is taken; `GET {url}/messages/{reference}` answers 200 where it was, 404
where it was not. 408, 409, 425, 429 and 5xx mean later, another 4xx never.
"""

import unicodedata
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import requests
import urllib3
from requests.adapters import HTTPAdapter

from kernel.messaging.channel import ChannelAway, Note, NotNow, Refused, Sms, Stopped, Unknown

# The letters of a plain SMS (3GPP TS 23.038): 160 of them make one message, of any others only 70.
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO: Final = frozenset("^{}\\[~]|€")
_STROKE: Final = str.maketrans({"đ": "d", "Đ": "D", "–": "-", "—": "-", "…": "...", "’": "'", "“": '"', "”": '"'})

_LATER: Final = frozenset({408, 409, 425, 429})
_TAKEN: Final = frozenset({200, 201, 202})
_WRONG_KEY: Final = frozenset({401, 403})


def unaccented(text: str) -> str:
    """`Nhắc lịch khám Đống Đa` → `Nhac lich kham Dong Da`: letters that every telephone and gateway takes."""
    decomposed = unicodedata.normalize("NFD", text.translate(_STROKE))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def parts(text: str) -> int:
    """How many messages a text is sent, and paid for, as."""
    if all(letter in _GSM or letter in _GSM_TWO for letter in text):
        length, one, several = sum(2 if letter in _GSM_TWO else 1 for letter in text), 160, 153
    else:
        length, one, several = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= one else -(-length // several)


def international(phone: str) -> str:
    """`0912345678` → `+84912345678`; what begins with + stays."""
    return "+84" + phone[1:] if phone.startswith("0") else phone


def can_receive(phone: str) -> bool:
    """Whether a number in our form can have SMS: a landline of Việt Nam (02…) cannot."""
    return phone.startswith("+") or (phone[:2] in {"03", "05", "07", "08", "09"} and len(phone) == 10)


@dataclass(frozen=True, kw_only=True)
class SmsGateway:
    """Where SMS are handed over; `sender` is the name that telephones show."""

    url: str
    token: str = field(repr=False)
    sender: str
    timeout_seconds: float = 10.0


class HttpSms:
    """A channel to a gateway."""

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    def open(self) -> "HttpSmsSession":
        """A session; whether the gateway is there shows with the first message."""
        return HttpSmsSession(self._gateway, self._session())

    def taken(self, reference: UUID) -> bool | None:
        """Ask the gateway. Raises ChannelAway."""
        with self._session() as session:
            try:
                answer = session.get(
                    f"{self._gateway.url.rstrip('/')}/messages/{reference}",
                    timeout=self._gateway.timeout_seconds,
                    allow_redirects=False,
                )
            except requests.RequestException as err:
                raise ChannelAway("sms_away") from err
        if answer.status_code in _TAKEN:
            return True
        if answer.status_code == requests.codes.not_found:
            return False
        raise ChannelAway(f"sms_{answer.status_code}")

    def _session(self) -> requests.Session:
        session = requests.Session()
        # Proxies and .netrc of the environment have no say here, and it is we who retry.
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {self._gateway.token}"
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        return session


class HttpSmsSession:
    """Kept-alive calls to a gateway."""

    def __init__(self, gateway: SmsGateway, session: requests.Session) -> None:
        self._gateway = gateway
        self._session = session

    def hand_over(self, message: Sms, *, note: Note) -> None:
        """POST it. Raises a NotTaken; Unknown only where the connection broke after the request had left."""
        if not note():
            raise Stopped("stopped")
        body = {
            "reference": str(message.reference),
            "to": message.to,
            "text": message.text,
            "sender": self._gateway.sender,
        }
        try:
            answer = self._session.post(
                f"{self._gateway.url.rstrip('/')}/messages",
                json=body,
                headers={"Idempotency-Key": str(message.reference)},
                timeout=self._gateway.timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException as err:
            if _never_left(err):
                raise ChannelAway("sms_away") from err
            raise Unknown("sms_no_answer") from err
        status = answer.status_code
        if status in _TAKEN:
            return
        if status in _WRONG_KEY or 300 <= status < 400 or status >= 500:
            raise ChannelAway(f"sms_{status}")
        if status in _LATER:
            raise NotNow(f"sms_{status}")
        raise Refused(f"sms_{status}")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _never_left(error: requests.RequestException) -> bool:
    """Whether there was no connection at all, so that nothing can have arrived."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(cause, urllib3.exceptions.NewConnectionError)
