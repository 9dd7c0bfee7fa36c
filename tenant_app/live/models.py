"""The table of live updates: who is connected now (specification 7.2)."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import Instant, RowId
from tenant_app.database import HospitalBase


class WebsocketConnection(HospitalBase):
    """A browser window that is connected. The row goes when it leaves; `seen_at` tells of a process that died."""

    __tablename__ = "websocket_connections"

    id: Mapped[RowId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("staff_sessions.id", ondelete="CASCADE"))
    process_id: Mapped[UUID] = mapped_column(Uuid)
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(255))
    connected_at: Mapped[Instant]
    seen_at: Mapped[Instant]

    __table_args__ = (
        Index("ix_websocket_connections_user_id", "user_id"),
        Index("ix_websocket_connections_session_id", "session_id"),
        Index("ix_websocket_connections_seen_at", "seen_at"),
    )
