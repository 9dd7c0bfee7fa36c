"""The table of saved filters."""

from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import Json, RowId, Stamped, Versioned, one_of
from tenant_app.database import HospitalBase
from tenant_app.saved_filters.lists import LISTS
from tenant_app.saved_filters.rules import LONGEST_NAME


class SavedFilter(HospitalBase, Stamped, Versioned):
    """A filter of a list under a name, for the member who made it; with `is_default` the list opens with it."""

    __tablename__ = "saved_filters"

    id: Mapped[RowId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    list_name: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    parameters: Mapped[Json]
    is_default: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)

    __table_args__ = (
        CheckConstraint(one_of("list_name", tuple(LISTS)), name="list_name"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("jsonb_typeof(parameters) = 'object'", name="parameters"),
        Index("uq_saved_filters_name", "user_id", "list_name", text("lower(name)"), unique=True),
        Index(
            "uq_saved_filters_default",
            "user_id",
            "list_name",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )
