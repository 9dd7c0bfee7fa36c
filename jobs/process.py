"""The jobs of one process, put together."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from central.router.public import TenantRouter
from jobs.accounts import Accounts
from jobs.audit_keys import AuditKeys
from jobs.hospitals import EachHospital
from jobs.housekeeping import Partitions, Pruning
from jobs.job import Job, Run
from jobs.leases import Leases
from jobs.no_shows import NoShows
from jobs.reminders import Kind, ReminderSender
from jobs.scheduler import Scheduler
from jobs.sealing.public import HeadFile, Sealer
from jobs.usage import CountingUsage
from jobs.watching import Watching
from kernel.database.engines import Database
from kernel.ids import TenantId
from kernel.messaging.channel import Mail, Sms
from keys.public import Keychain

SEAL_HOSPITALS: Final = "audit.seal_hospitals"
SEAL_CENTRAL: Final = "audit.seal_central"
PARTITIONS: Final = "partitions"
PRUNE: Final = "prune"
WATCH: Final = "access.watch"
REMINDERS: Final = "reminders"
NO_SHOWS: Final = "appointments.no_shows"
USAGE: Final = "usage.count"

# A row is sealed within five seconds of its commit: two of waiting, jitter, and the time of a round.
SEAL_EVERY: Final = timedelta(seconds=2)
# Shorter than the five seconds too, so that a runner's death costs little.
SEAL_LEASE: Final = timedelta(seconds=6)
# What stands out is looked at by people, later that day.
WATCH_EVERY: Final = timedelta(minutes=2)
# What the console's charts show of today is at most so old.
USAGE_EVERY: Final = timedelta(minutes=15)
# A round of sealing waits so long for slow hospitals; those go on, and the next round leaves them out.
SEAL_ROUND_SECONDS: Final = 4.0
STOP_SECONDS: Final = 15.0
REMIND_EVERY: Final = timedelta(seconds=5)
# A round waits so long for slow hospitals; those go on, and the next round leaves them out.
REMIND_ROUND_SECONDS: Final = 20.0
MARK_ROUND_SECONDS: Final = 120.0


class JobsProcess:
    """All jobs of this process: `start`, and `stop` when asked to."""

    def __init__(
        self,
        *,
        central: Database,
        router: TenantRouter,
        keychain: Keychain,
        data_dir: Path,
        messages: Sequence[Kind[Mail] | Kind[Sms]] = (),
        seal_every: timedelta = SEAL_EVERY,
    ) -> None:
        """`central` is central's database as `sokham_seal`, `router` leads to hospitals for the purpose `seal`.

        `messages` are the ways of sending that this installation has.
        """
        self._router = router
        self._central = central
        self._keychain = keychain
        self.leases = Leases(central)
        self._sealer = Sealer(keys=AuditKeys(database=central, keychain=keychain), heads=HeadFile(data_dir))
        self._sealing = EachHospital(job=SEAL_HOSPITALS, router=router)
        self._making = EachHospital(job=PARTITIONS, router=router, threads=2)
        self._pruning = EachHospital(job=PRUNE, router=router, threads=2)
        self._watching = EachHospital(job=WATCH, router=router, threads=2)
        watching = Watching(hospitals=self._watching, hospital=router.unit_of_work)
        partitions = Partitions(hospitals=self._making, central=central.unit_of_work, hospital=router.unit_of_work)
        self._counting = EachHospital(job=USAGE, router=router, threads=2)
        counting = CountingUsage(hospitals=self._counting, hospital=router.unit_of_work)
        self._marking = EachHospital(job=NO_SHOWS, router=router, threads=2)
        self._no_shows = NoShows(hospital=router.unit_of_work)
        # Each channel has threads of its own: a slow mail server holds up no SMS.
        self._reminding = {kind.name: EachHospital(job=f"{REMINDERS}.{kind.name}", router=router) for kind in messages}
        pruning = Pruning(hospitals=self._pruning, central=central.unit_of_work, hospital=router.unit_of_work)
        self.scheduler = Scheduler(
            leases=self.leases,
            jobs=(
                # A seal's number is unique, so two sealers at once do no harm and hospitals need not wait for central.
                Job(
                    name=SEAL_HOSPITALS,
                    every=seal_every,
                    run=self._seal_hospitals,
                    limit=timedelta(minutes=2),
                    lease=SEAL_LEASE,
                    safe_twice=True,
                ),
                Job(
                    name=SEAL_CENTRAL,
                    every=seal_every,
                    run=self._seal_central,
                    limit=timedelta(minutes=2),
                    lease=SEAL_LEASE,
                ),
                Job(name=PARTITIONS, every=timedelta(days=1), run=partitions.run, limit=timedelta(minutes=30)),
                Job(name=PRUNE, every=timedelta(hours=1), run=pruning.run, limit=timedelta(minutes=30)),
                Job(name=WATCH, every=WATCH_EVERY, run=watching.run, limit=timedelta(minutes=30)),
                Job(name=USAGE, every=USAGE_EVERY, run=counting.run, limit=timedelta(minutes=30)),
                Job(name=NO_SHOWS, every=timedelta(minutes=1), run=self._mark_no_shows, safe_twice=True),
                *(self._reminder_job(kind, router) for kind in messages),
            ),
        )

    def start(self) -> None:
        """Begin; returns at once."""
        self.scheduler.start()

    def stop(self, *, seconds: float = STOP_SECONDS) -> bool:
        """Let what runs come to its end; False when something did not."""
        ended = self.scheduler.stop(seconds=seconds)
        several = (self._sealing, self._making, self._pruning, self._watching, self._counting, self._marking)
        for each in (*several, *self._reminding.values()):
            each.close()
        self._router.close()
        self._central.dispose()
        return ended

    def _reminder_job(self, kind: Kind[Mail] | Kind[Sms], router: TenantRouter) -> Job:
        # Rows are claimed in each hospital's own database, so two senders at once do no harm.
        accounts = Accounts(keychain=self._keychain, hospital=router.unit_of_work)
        sender: ReminderSender[Any] = ReminderSender(kind=kind, hospital=router.unit_of_work, accounts=accounts)
        each = self._reminding[kind.name]

        def send(run: Run) -> None:
            each.do(sender.send, run, seconds=REMIND_ROUND_SECONDS)

        return Job(name=f"{REMINDERS}.{kind.name}", every=REMIND_EVERY, run=send, safe_twice=True)

    def _mark_no_shows(self, run: Run) -> None:
        self._marking.do(self._no_shows.mark, run, seconds=MARK_ROUND_SECONDS)

    def _seal_hospitals(self, run: Run) -> None:
        self._sealing.do(self._seal_hospital, run, seconds=SEAL_ROUND_SECONDS)

    def _seal_hospital(self, tenant: TenantId, run: Run) -> None:
        self._sealer.hospital(tenant, open_uow=lambda: self._router.unit_of_work(tenant), run=run)

    def _seal_central(self, run: Run) -> None:
        self._sealer.central(open_uow=self._central.unit_of_work, run=run)
