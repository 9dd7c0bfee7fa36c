"""Sending reminders: claim what is due, note that a message is about to be handed over, hand it over, settle.

No transaction is open while a server is talked to. A message is handed over once, whoever dies when (ADR 0012): what a
dead sender left as `sending` is asked for where the channel can tell, and is not sent again where it cannot.

A hospital's messages go by its own account where it has one (jobs.accounts). An account whose server is away is left
alone for a while, the operator's for all hospitals that use it.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from jobs.absences import Absences
from jobs.accounts import OPERATOR, Accounts, Senders, Way
from jobs.hospitals import OpenHospital
from jobs.job import Run, RunOver
from kernel.backoff import backoff_seconds
from kernel.errors import SokhamError
from kernel.ids import TenantId, new_row_id
from kernel.messaging.channel import Channel, ChannelAway, Mail, NotNow, Refused, Session, Sms, Stopped, Unknown
from kernel.messaging.sms import can_receive
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter, Gauge, Histogram
from tenant_app.live.public import announce, notices_changed
from tenant_app.reminders.public import Composer, Facts
from tenant_app.settings.public import OwnAccount

log = get_logger(__name__)

OUTCOMES = Counter("sokham_reminders", "What became of messages", ["channel", "outcome"])
SECONDS = Histogram("sokham_reminder_seconds", "Time of handing a message over", ["channel"])
OVERDUE = Gauge(
    "sokham_reminders_overdue", "Messages more than five minutes late", ["channel"], multiprocess_mode="mostrecent"
)

BATCH: Final = 25
LEASE_SECONDS: Final = 120.0
# A message's own failures: some three hours, on average, until it is given up.
OWN_BASE_SECONDS: Final = 60.0
OWN_CAP_SECONDS: Final = 3_600.0
MOST_ATTEMPTS: Final = 8

Message = TypeVar("Message", bound=Mail | Sms)


@dataclass(frozen=True)
class Kind(Generic[Message]):
    """One of the channels with what is written for it; `fits` says whether an address can have such a message."""

    name: str
    senders: Senders[Message]
    compose: Callable[[Facts], Message]
    fits: Callable[[str], bool]


def mail_kind(
    operator: Channel[Mail] | None,
    composer: Composer,
    listed: Mapping[str, Callable[[OwnAccount], Channel[Mail]]] | None = None,
) -> Kind[Mail]:
    """E-mail, by the operator's account or at servers where hospitals have their own."""
    return Kind("email", Senders(operator, listed or {}), composer.mail, lambda address: "@" in address)


def sms_kind(
    operator: Channel[Sms] | None,
    composer: Composer,
    listed: Mapping[str, Callable[[OwnAccount], Channel[Sms]]] | None = None,
) -> Kind[Sms]:
    """SMS, by the operator's account or at gateways where hospitals have their own."""
    return Kind("sms", Senders(operator, listed or {}), composer.sms, can_receive)


class ReminderSender(Generic[Message]):
    """Sends on one channel for every hospital. Safe to share between threads, one hospital a thread."""

    def __init__(
        self,
        *,
        kind: Kind[Message],
        hospital: OpenHospital,
        accounts: Accounts,
        lease_seconds: float = LEASE_SECONDS,
        chance: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kind = kind
        self._hospital = hospital
        self._accounts = accounts
        self._lease_seconds = lease_seconds
        self._absences = Absences(chance=chance, monotonic=monotonic)
        self._overdue: dict[TenantId, int] = {}

    def send(self, tenant: TenantId, run: Run) -> None:
        """All that is due in a hospital. Raises what opening its database raises, and RunOver."""
        try:
            while not self._absences.last(tenant) and self._batch(tenant, run):
                run.check()
        finally:
            self._count_overdue(tenant)

    def _batch(self, tenant: TenantId, run: Run) -> bool:
        """One claim; whether there may be more."""
        claim = new_row_id()
        rows = self._claim(tenant, claim)
        if not rows:
            return False
        desk = _Desk(self._hospital, tenant, claim, lease_seconds=self._lease_seconds)
        waiting = [row for row in rows if row.status == "pending"]
        try:
            way = self._accounts.way(tenant, channel=self._kind.name, senders=self._kind.senders)
        except ChannelAway as away:
            self._give_back(desk, waiting, away, seconds=self._absences.begin(tenant, shared=False))
            return False
        except BaseException:
            desk.release(waiting)
            raise
        if len(waiting) < len(rows):
            self._resolve_left(desk, way, [row for row in rows if row.status == "sending"])
        session: Session[Message] | None = None
        try:
            for at, row in enumerate(waiting):
                try:
                    run.check()
                    session = session or way.channel.open()
                    self._one(desk, way, session, row)
                except ChannelAway as away:
                    seconds = self._absences.begin(tenant, shared=way.shared)
                    self._give_back(desk, waiting[at:], away, seconds=seconds)
                    return False
                except RunOver:
                    desk.release(waiting[at:])
                    raise
                except BaseException:
                    # Nobody knows how far this one came; it waits until its lease has run out.
                    desk.release(waiting[at + 1 :])
                    raise
        finally:
            if session is not None:
                session.close()
        return True

    def _one(self, desk: "_Desk", way: Way[Message], session: Session[Message], row: Row[Any]) -> None:
        if not self._kind.fits(row.address):
            self._settle(desk, row, "failed", reason="bad_address")
            return
        outcome, reason, after = "sent", None, 0.0
        begun = time.monotonic()
        try:
            session.hand_over(self._kind.compose(_facts(row)), note=lambda: desk.note(row.id, via=way.via))
        except Stopped:
            return
        except Refused as refused:
            outcome, reason = "failed", refused.reason
        except NotNow as later:
            given_up = row.attempts + 1 >= MOST_ATTEMPTS
            outcome, reason = ("failed" if given_up else "retry"), later.reason
            after = backoff_seconds(
                row.attempts, chance=self._absences.chance(), base=OWN_BASE_SECONDS, cap=OWN_CAP_SECONDS
            )
        except Unknown as unknown:
            self._resolve(desk, way, row, reason=unknown.reason)
            return
        self._absences.end(desk.tenant, shared=way.shared)
        SECONDS.labels(self._kind.name).observe(time.monotonic() - begun)
        self._settle(desk, row, outcome, reason=reason, after=after)

    def _resolve_left(self, desk: "_Desk", way: Way[Message], rows: Sequence[Row[Any]]) -> None:
        """What a dead sender left: only the account by which it went can be asked for it."""
        noted = desk.noted()
        for row in rows:
            if noted.get(row.id) == way.via:
                self._resolve(desk, way, row)
            else:
                self._settle(desk, row, "uncertain", reason="account_changed")

    def _resolve(self, desk: "_Desk", way: Way[Message], row: Row[Any], *, reason: str = "sender_died") -> None:
        """It may have been handed over: ask, or where nobody can tell leave it at that."""
        try:
            taken = way.channel.taken(row.id)
        except ChannelAway:
            # It stays as it is, and is asked for again when the lease has run out.
            log.info("reminders.not_resolved", channel=self._kind.name, reminder=row.id)
            return
        if taken is None:
            self._settle(desk, row, "uncertain", reason=reason)
        elif taken:
            self._settle(desk, row, "sent")
        else:
            self._settle(desk, row, "away", reason=reason)

    def _give_back(self, desk: "_Desk", rows: Sequence[Row[Any]], away: ChannelAway, *, seconds: float) -> None:
        log.warning("reminders.channel_away", channel=self._kind.name, reason=away.reason, rows=len(rows))
        for row in rows:
            self._settle(desk, row, "away", reason=away.reason, after=seconds)

    def _settle(
        self, desk: "_Desk", row: Row[Any], outcome: str, *, reason: str | None = None, after: float = 0.0
    ) -> None:
        if desk.settle(row.id, outcome, reason=reason, after=after):
            OUTCOMES.labels(self._kind.name, outcome).inc()
            log.info("reminders.settled", channel=self._kind.name, reminder=row.id, outcome=outcome, reason=reason)
        else:
            log.warning("reminders.claim_lost", channel=self._kind.name, reminder=row.id, outcome=outcome)

    def _claim(self, tenant: TenantId, claim: UUID) -> Sequence[Row[Any]]:
        with self._hospital(tenant) as uow:
            rows = uow.session.execute(
                text("SELECT * FROM reminders_claim_addressed(:channel, :claim, :rows, :seconds)"),
                {"channel": self._kind.name, "claim": claim, "rows": BATCH, "seconds": self._lease_seconds},
            ).all()
            uow.commit()
        return rows

    def _count_overdue(self, tenant: TenantId) -> None:
        with self._hospital(tenant) as uow:
            found = uow.session.execute(text("SELECT channel, overdue FROM reminders_overdue()")).all()
        self._overdue[tenant] = sum(row.overdue for row in found if row.channel == self._kind.name)
        OVERDUE.labels(self._kind.name).set(sum(self._overdue.values()))


class _Desk:
    """One claim's short transactions."""

    def __init__(self, hospital: OpenHospital, tenant: TenantId, claim: UUID, *, lease_seconds: float) -> None:
        self._hospital = hospital
        self.tenant = tenant
        self._claim = claim
        self._lease_seconds = lease_seconds

    def note(self, reminder: UUID, *, via: str) -> bool:
        """Written down before a message leaves, with the account by which it goes: whether it may."""
        with self._hospital(self.tenant) as uow:
            said = uow.session.execute(
                text("SELECT reminders_hand_over(:claim, :reminder, :seconds, :via)"),
                {"claim": self._claim, "reminder": reminder, "seconds": self._lease_seconds, "via": via},
            ).scalar_one()
            uow.commit()
        return bool(said == "go")

    def noted(self) -> Mapping[UUID, str]:
        """By which account those went that another sender noted; the operator's where an older one did not say."""
        with self._hospital(self.tenant) as uow:
            found = uow.session.execute(text("SELECT id, via FROM reminders_via(:claim)"), {"claim": self._claim})
            return {row.id: row.via or OPERATOR for row in found}

    def settle(self, reminder: UUID, outcome: str, *, reason: str | None, after: float) -> bool:
        """What became of it; False where the claim was lost."""
        with self._hospital(self.tenant) as uow:
            ours = uow.session.execute(
                text("SELECT reminders_settle(:claim, :reminder, :outcome, :reason, :after)"),
                {"claim": self._claim, "reminder": reminder, "outcome": outcome, "reason": reason, "after": after},
            ).scalar_one()
            if ours and outcome == "failed":
                announce(uow, notices_changed())
            uow.commit()
        return bool(ours)

    def release(self, rows: Sequence[Row[Any]]) -> None:
        """Nobody began with these. Where the hospital is gone, their lease runs out."""
        try:
            for row in rows:
                self.settle(row.id, "away", reason=None, after=0.0)
        except (SQLAlchemyError, SokhamError) as err:
            log.info("reminders.not_released", tenant=self.tenant, error=type(err).__name__)


def _facts(row: Row[Any]) -> Facts:
    return Facts(
        reference=row.id,
        to=row.address,
        starts_at=row.starts_at,
        language=row.language,
        hospital=row.hospital,
        hospital_address=row.hospital_address,
        hospital_phone=row.hospital_phone,
        hospital_email=row.hospital_email,
        department=row.department,
        sms_unaccented=row.sms_unaccented,
    )
