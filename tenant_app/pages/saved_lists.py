"""Lists with saved filters: opening one by a filter or by default, and the row of filters above it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from flask import request, url_for
from flask_babel import gettext

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.pages.forms import wants_part
from tenant_app.saved_filters.public import LISTS, LONGEST_NAME, MOST_FILTERS, FilterRow, filters_of, still_holding

# `?filter=all` opens a list with everything, whatever its default is.
ALL: Final = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownList:
    """A list's page. `everything`: parameters that leave nothing out; `unkept`: what no filter holds, in words."""

    endpoint: str
    title: str
    everything: Mapping[str, str]
    unkept: str


SHOWN: Final[Mapping[str, ShownList]] = {
    "patients": ShownList(
        endpoint="patient_pages.find",
        title=N_("Patients"),
        everything={},
        unkept=N_("What you type to find somebody is not saved."),
    ),
    "appointments": ShownList(
        endpoint="day.show",
        title=N_("Appointments of a day"),
        everything={"doctor": "", "department": ""},
        unkept=N_("The day is not saved: the list opens on today."),
    ),
    "calendar": ShownList(
        endpoint="calendar.show",
        title=N_("Calendar"),
        everything={"view": "day", "doctor": "", "department": ""},
        unkept=N_("The day is not saved: the calendar opens on today."),
    ),
    "queue": ShownList(
        endpoint="queue_pages.overview", title=N_("Waiting line"), everything={"department": ""}, unkept=""
    ),
    "staff": ShownList(endpoint="staff_pages.people", title=N_("Staff"), everything={}, unkept=""),
    "access_log": ShownList(
        endpoint="audit_pages.show",
        title=N_("Access log"),
        everything={},
        unkept=N_("A period up to today is saved as its number of days. Other periods and the patient are not saved."),
    ),
    "unusual_access": ShownList(
        endpoint="unusual_pages.show", title=N_("Unusual access"), everything={"state": "all", "kind": ""}, unkept=""
    ),
}
PARAMETER_NAMES: Final[Mapping[str, str]] = {
    "doctor": N_("Doctor"),
    "department": N_("Department"),
    "view": N_("View"),
    "role": N_("Role"),
    "status": N_("Status of the record"),
    "age": N_("Age"),
    "gender": N_("Sex"),
    "insurance": N_("Health insurance"),
    "who": N_("Who"),
    "action": N_("What"),
    "result": N_("Result"),
    "address": N_("Address"),
    "days": N_("Days up to today"),
    "state": N_("Status"),
    "kind": N_("What stood out"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """A filter above its list."""

    name: str
    href: str
    is_default: bool
    is_open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What the macro `saved_filters` draws. `to_save`: the fields of what could be kept now, if anything.

    `left_out`: what of the opened filter does not hold any more, in words.
    """

    list_name: str
    chips: list[Chip]
    all_href: str
    all_is_open: bool
    to_save: dict[str, str]
    is_full: bool
    unkept: str
    left_out: list[str]
    longest_name: int = LONGEST_NAME


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """How a list was opened: `args` is what its address says, with the filter's parameters in place of its id."""

    list_name: str
    args: Mapping[str, str]
    filters: list[FilterRow]
    chosen: FilterRow | None
    left_out: tuple[str, ...]

    @property
    def query(self) -> dict[str, str]:
        """The address of this list as it is, for the next rows of it."""
        asked = request.args.to_dict()
        return {"filter": str(self.chosen.id), **asked} if self.chosen else asked

    def bar(self, current: Mapping[str, object], *, more: bool = False) -> Bar:
        """The row of filters, where `current` is chosen now; `more`: and something that no filter holds."""
        shown = SHOWN[self.list_name]
        now = self._chosen_of({name: str(value) for name, value in current.items() if value is not None})
        held = {row.id: self._chosen_of(row.parameters) for row in self.filters}
        if self.chosen is not None:
            # Also where a part of it was left out: then its name stands beside what was.
            open_id = self.chosen.id if now == self._chosen_of(self.args) else None
        else:
            open_id = next((row.id for row in self.filters if held[row.id] == now), None)
        if more:
            open_id = None
        untouched = not self.filters and not self.args
        return Bar(
            list_name=self.list_name,
            chips=[
                Chip(
                    name=row.name,
                    href=url_for(shown.endpoint, filter=row.id),
                    is_default=row.is_default,
                    is_open=row.id == open_id,
                )
                for row in self.filters
            ],
            all_href=url_for(shown.endpoint, filter=ALL),
            all_is_open=not now and not more,
            to_save={} if untouched or now in held.values() else now,
            is_full=len(self.filters) >= MOST_FILTERS,
            unkept=gettext(shown.unkept) if shown.unkept else "",
            left_out=[gettext(PARAMETER_NAMES.get(name, name)) for name in self.left_out],
        )

    def _chosen_of(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """What these choose, in one form and without what everything has too."""
        held, _ = still_holding(LISTS[self.list_name], parameters)
        return {name: value for name, value in held.items() if SHOWN[self.list_name].everything.get(name) != value}


def opened(
    uow: UnitOfWork, actor: Actor, list_name: str, *, offered: Mapping[str, Collection[object]] | None = None
) -> Opened:
    """How the list is opened by this address; without an address of its own by the actor's default, if there is one.

    `offered`: for some parameters, what the list offers now. Raises NotFound for a filter that is not the actor's.
    """
    asked = request.args.to_dict()
    wanted = asked.pop("filter", "")
    # What refreshes itself names what it shows.
    filters = [] if wants_part() else filters_of(uow=uow, actor=actor, list_name=list_name)
    everything = SHOWN[list_name].everything
    chosen: FilterRow | None = None
    args: Mapping[str, str] = asked
    left_out: tuple[str, ...] = ()
    if wanted == ALL:
        args = {**everything, **asked}
    elif wanted:
        filter_id = parse_uuid(wanted, what="filter")
        chosen = next((row for row in filters if row.id == filter_id), None)
        if chosen is None:
            raise NotFound("filter")
    elif not request.args:
        chosen = next((row for row in filters if row.is_default), None)
    if chosen is not None:
        known = {name: {str(value) for value in values} for name, values in (offered or {}).items()}
        held, left_out = still_holding(LISTS[list_name], chosen.parameters, offered=known)
        args = {**everything, **held, **asked}
    return Opened(list_name=list_name, args=args, filters=filters, chosen=chosen, left_out=left_out)


def as_chosen(uow: UnitOfWork, actor: Actor, list_name: str, args: Mapping[str, str]) -> Opened:
    """How the list is where a form, and no address, chose `args`."""
    filters = filters_of(uow=uow, actor=actor, list_name=list_name)
    return Opened(list_name=list_name, args=args, filters=filters, chosen=None, left_out=())
