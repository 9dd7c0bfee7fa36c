"""By whose account a hospital's messages go: its own where it has one, or else the operator's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from jobs.hospitals import OpenHospital
from kernel.ids import TenantId
from kernel.messaging.channel import Channel, ChannelAway, Mail, Sms
from keys.public import Keychain, KeyRefused, KeySourceUnavailable, Undecryptable
from tenant_app.settings.public import AccountIncomplete, OwnAccount, own_account

# What stands in a reminder that went by the operator's account.
OPERATOR: Final = "operator"

Message = TypeVar("Message", bound=Mail | Sms)


@dataclass(frozen=True)
class Senders(Generic[Message]):
    """How one kind of message may go: by the operator's account if there is one, or by accounts at listed servers."""

    operator: Channel[Message] | None
    listed: Mapping[str, Callable[[OwnAccount], Channel[Message]]]


@dataclass(frozen=True)
class Way(Generic[Message]):
    """A channel, and by whose account it goes; `shared` where other hospitals use it too."""

    channel: Channel[Message]
    via: str

    @property
    def shared(self) -> bool:
        """Whether it is the operator's."""
        return self.via == OPERATOR


class Accounts:
    """Looks up hospitals' accounts, in a short transaction each time: what was changed holds at the next batch."""

    def __init__(self, *, keychain: Keychain, hospital: OpenHospital) -> None:
        self._keychain = keychain
        self._hospital = hospital

    def way(self, tenant: TenantId, *, channel: str, senders: Senders[Message]) -> Way[Message]:
        """How this hospital's messages go. Raises ChannelAway where they cannot.

        A hospital that has an account of its own never falls back to the operator's: its name would be missing, and
        somebody else would pay.
        """
        own = self._own(tenant, channel)
        if own is None:
            if senders.operator is None:
                raise ChannelAway("no_account")
            return Way(senders.operator, OPERATOR)
        if own.server not in senders.listed:
            raise ChannelAway("no_such_server")
        return Way(senders.listed[own.server](own), f"{own.server}/{own.id}")

    def _own(self, tenant: TenantId, channel: str) -> OwnAccount | None:
        try:
            with self._hospital(tenant) as uow:
                return own_account(uow=uow, keychain=self._keychain, channel=channel)
        except AccountIncomplete as missing:
            raise ChannelAway("account_incomplete") from missing
        except (Undecryptable, KeyRefused) as closed:
            raise ChannelAway("account_unreadable") from closed
        except KeySourceUnavailable as away:
            raise ChannelAway("keys_away") from away
