"""Sealing: the rows that are complete become a seal; its head goes to central and to a file.

Rows come in the order of (transaction id, id), and only those below the oldest transaction that still runs: a row that
commits late has a higher place than everything sealed before it, so none is passed over and none is sealed twice. A
sealer that was killed has committed its seal or not. Two at once are told apart by the constraint on the seal's number.
"""

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jobs.audit_keys import AuditKeys
from jobs.job import Run
from jobs.sealing.chain import RowsDigest, Seal, SealBody
from jobs.sealing.heads import HeadFile
from jobs.sealing.log import ChainedLog, central_logs, hospital_log
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter
from keys.encoding import to_base64url
from keys.public import SigningKey, sign_seal
from tenant_app.hospital.public import HospitalSync
from tenant_app.outbox.public import AUDIT_SEAL, audit_head_payload, publish

log = get_logger(__name__)

SEALED = Counter("sokham_audit_rows_sealed", "Audit rows that were sealed", ["where"])

ROWS_A_SEAL: Final = 5_000
# A head a minute is as good as one a seal: what is cut off within it is found by the next one, and the outbox is not
# filled with them.
HEAD_SECONDS: Final = 60.0
SEALED_EVENT: Final = "audit.sealed"

_SECOND_SEALER: Final = frozenset(
    {"uq_audit_seals_sequence", "uq_audit_seals_table_name_sequence", "uq_audit_seals_previous"}
)


class ChainStalled(SokhamError):
    """The server's transaction ids are behind those that were sealed: the database was restored into another server.

    New rows would have places before the last seal's. `pg_resetwal --next-transaction-id` sets the server's ahead.
    """

    code = "audit_chain_stalled"


def seal_next(
    *, uow: UnitOfWork, log_: ChainedLog, key: SigningKey, limit: int = ROWS_A_SEAL, clock: Clock = utc_now
) -> Seal | None:
    """Seal what is complete, at most `limit` rows, in the caller's transaction; None where there is nothing.

    Raises ChainStalled. At the commit or before it an IntegrityError says that another sealer was first.
    """
    head = log_.head(uow)
    if head.next_xid <= head.last.xid:
        raise ChainStalled(
            f"{log_.chain} was sealed up to transaction {head.last.xid}, the server is at {head.next_xid}"
        )
    rows = RowsDigest()
    for row in log_.settled_rows(uow, after=head.last, limit=limit):
        rows.add(row)
    if rows.first is None or rows.last is None:
        return None
    body = SealBody(
        chain=log_.chain,
        sequence=head.sequence + 1,
        previous=head.digest,
        first=rows.first,
        last=rows.last,
        row_count=rows.count,
        sealed_at=log_.now(uow),
    )
    digest = body.digest(rows.digest())
    signature = sign_seal(body.claims(digest), key=key, now=clock())
    seal = Seal(body=body, digest=digest, kid=key.kid, signature=signature)
    log_.add(uow, seal)
    return seal


class Sealer:
    """Seals every log that it is given a way to, and tells their heads once a minute."""

    def __init__(
        self,
        *,
        keys: AuditKeys,
        heads: HeadFile,
        rows_a_seal: int = ROWS_A_SEAL,
        head_seconds: float = HEAD_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Clock = utc_now,
    ) -> None:
        self._keys = keys
        self._heads = heads
        self._rows_a_seal = rows_a_seal
        self._head_seconds = head_seconds
        self._monotonic = monotonic
        self._clock = clock
        # Chain → the number of the last head told and when. A new process tells each once more, which does no harm.
        self._told: dict[str, tuple[int, float]] = {}

    def hospital(self, tenant: TenantId, *, open_uow: Callable[[], UnitOfWork], run: Run) -> int:
        """Seal a hospital's log; how many rows. Raises what opening raises, RunOver, and ChainStalled."""
        return self._chain(hospital_log(tenant), tenant=tenant, open_uow=open_uow, run=run)

    def central(self, *, open_uow: Callable[[], UnitOfWork], run: Run) -> int:
        """Seal central's logs."""
        return sum(self._chain(each, tenant=None, open_uow=open_uow, run=run) for each in central_logs())

    def _chain(self, log_: ChainedLog, *, tenant: TenantId | None, open_uow: Callable[[], UnitOfWork], run: Run) -> int:
        sealed = 0
        while True:
            run.check()
            seal = self._seal_once(log_, tenant=tenant, open_uow=open_uow)
            if seal is None:
                return sealed
            sealed += seal.body.row_count
            SEALED.labels("central" if tenant is None else "hospital").inc(seal.body.row_count)
            if seal.body.row_count < self._rows_a_seal:
                return sealed

    def _seal_once(
        self, log_: ChainedLog, *, tenant: TenantId | None, open_uow: Callable[[], UnitOfWork]
    ) -> Seal | None:
        try:
            with open_uow() as uow:
                seal = seal_next(
                    uow=uow, log_=log_, key=self._keys.current(), limit=self._rows_a_seal, clock=self._clock
                )
                head = self._head_to_tell(uow, log_, seal)
                epoch = None
                if head is not None and tenant is not None:
                    epoch = uow.session.scalar(select(HospitalSync.epoch))
                    _publish(uow, tenant, head)
                if seal is not None or head is not None:
                    uow.commit()
        except IntegrityError as err:
            if violated(err) not in _SECOND_SEALER:
                raise
            log.info("audit.another_sealer", chain=log_.chain)
            return None
        if head is not None:
            self._heads.note(head, epoch=epoch)
            self._told[log_.chain] = (head.body.sequence, self._monotonic())
        if seal is not None:
            log.debug("audit.sealed", chain=log_.chain, sequence=seal.body.sequence, rows=seal.body.row_count)
        return seal

    def _head_to_tell(self, uow: UnitOfWork, log_: ChainedLog, seal: Seal | None) -> Seal | None:
        sequence, at = self._told.get(log_.chain, (0, float("-inf")))
        if self._monotonic() - at < self._head_seconds:
            return None
        if seal is not None:
            return seal
        # Nothing new: is there a seal that was not told yet?
        head = log_.head(uow)
        return log_.seal_of(uow, head.sequence) if head.sequence > sequence else None


def _publish(uow: UnitOfWork, tenant: TenantId, seal: Seal) -> None:
    body = seal.body
    publish(
        uow=uow,
        aggregate_type=AUDIT_SEAL,
        aggregate_id=tenant,
        event_type=SEALED_EVENT,
        n=body.sequence,
        payload=audit_head_payload(
            first=body.sequence,
            last=body.sequence,
            count=body.row_count,
            digest=to_base64url(seal.digest),
            key_id=seal.kid,
            signature=seal.signature,
        ),
    )
