"""What other folders may use of notices."""

from tenant_app.notices.box import MOST_COUNTED, by_moment, unread_of
from tenant_app.notices.for_patients import (
    PatientNoticeRow,
    note_all_own_read,
    note_own_read,
    read_own_notices,
    unread_notices,
)
from tenant_app.notices.models import Notice, PatientNotice
from tenant_app.notices.queries import NoticeRow, own_notice, unread, wanted
from tenant_app.notices.rules import KINDS, offered
from tenant_app.notices.service import choose, mark_all_read, mark_read, read_list

__all__ = [
    "KINDS",
    "MOST_COUNTED",
    "Notice",
    "NoticeRow",
    "PatientNotice",
    "PatientNoticeRow",
    "by_moment",
    "choose",
    "mark_all_read",
    "mark_read",
    "note_all_own_read",
    "note_own_read",
    "offered",
    "own_notice",
    "read_list",
    "read_own_notices",
    "unread",
    "unread_notices",
    "unread_of",
    "wanted",
]
