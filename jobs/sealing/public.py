"""What the command line uses of the sealing."""

from jobs.sealing.chain import Position, Seal
from jobs.sealing.heads import HeadFile, NotedHead, head_files, noted_heads
from jobs.sealing.log import ChainedLog, central_logs, hospital_log
from jobs.sealing.restores import Restore, Undone
from jobs.sealing.sealer import ChainStalled, Sealer, seal_next
from jobs.sealing.verify import SAID, Broken, Verification, verify

__all__ = [
    "SAID",
    "Broken",
    "ChainStalled",
    "ChainedLog",
    "HeadFile",
    "NotedHead",
    "Position",
    "Restore",
    "Seal",
    "Sealer",
    "Undone",
    "Verification",
    "central_logs",
    "head_files",
    "hospital_log",
    "noted_heads",
    "seal_next",
    "verify",
]
