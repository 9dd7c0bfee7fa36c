"""What other folders may use of notices."""

from tenant_app.notices.queries import MOST_COUNTED, NoticeRow, own_notice, unread, unread_of, wanted
from tenant_app.notices.rules import KINDS, offered
from tenant_app.notices.service import choose, mark_all_read, mark_read, read_list

__all__ = [
    "KINDS",
    "MOST_COUNTED",
    "NoticeRow",
    "choose",
    "mark_all_read",
    "mark_read",
    "offered",
    "own_notice",
    "read_list",
    "unread",
    "unread_of",
    "wanted",
]
