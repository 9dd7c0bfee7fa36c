"""The hospital's settings, a form for each group."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.text import canonical
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from keys.public import Keychain
from tenant_app.pages.forms import lead_to, page, spoken
from tenant_app.pages.shown import options
from tenant_app.settings.public import (
    ACCOUNTS,
    CATALOGUE,
    GROUPS,
    Offers,
    Setting,
    SettingRow,
    Value,
    change_setting,
    list_settings,
    require_whole,
    reset_setting,
)
from tenant_app.staff.public import ROLE_NAMES

blueprint = Blueprint("settings_pages", __name__, url_prefix="/hospital/settings")

_YES: Final = "yes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A setting in a form: its name there, what stands in it, and what is wrong."""

    row: SettingRow
    name: str
    shown: Value | str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Settings that are saved together. `servers`: what an account of one's own may be at; None where it is none.

    `usual`: messages go by the operator's account without one.
    """

    name: str
    title: str
    fields: list[Field]
    servers: tuple[str, ...] | None = None
    usual: bool = False

    @property
    def is_default(self) -> bool:
        """Whether nobody has set any of them."""
        return all(field.row.is_default for field in self.fields)

    def choices(self, chosen: str) -> list[tuple[str, str]]:
        """The servers, and the chosen one where it is offered no more."""
        return [(name, name) for name in dict.fromkeys((*(self.servers or ()), *filter(None, (chosen,))))]


@blueprint.route("")
@requires("settings.manage")
def show() -> Response:
    """All groups."""
    return _show()


@blueprint.route("/<group_name>", methods=["POST"])
@requires("settings.manage")
def save(group_name: str) -> Response:
    """Save a group; what does not differ is left alone."""
    uow, members = request_unit_of_work(), _members(group_name)
    sent = _sent(members)
    account = ACCOUNTS.get(group_name)
    try:
        if account is not None and not sent[account.server]:
            # Without a server there is no account of one's own.
            errors = {}
            _reset(members)
        else:
            errors = _changed(sent)
            if not errors:
                require_whole(uow=uow, group=group_name)
    except InvalidFields as wrong:
        errors = dict(wrong.errors)
    except PreconditionFailed as late:
        uow.session.rollback()
        return _show(sent=sent, overtaken=True, status=late.status)
    if errors:
        uow.session.rollback()
        return _show(sent=sent, errors=errors, status=InvalidFields.status)
    uow.commit()
    return lead_to(url_for("settings_pages.show", _anchor=group_name), message=gettext("The settings are saved."))


@blueprint.route("/<group_name>/reset", methods=["POST"])
@requires("settings.manage")
def reset(group_name: str) -> Response:
    """A group back to its defaults."""
    _reset(_members(group_name))
    request_unit_of_work().commit()
    said = gettext("The defaults hold again.")
    return lead_to(url_for("settings_pages.show", _anchor=group_name), message=said)


def _changed(sent: Mapping[str, object]) -> dict[str, list[str]]:
    """Change what was sent; what is wrong with it, by key. A secret that was left empty stays."""
    errors: dict[str, list[str]] = {}
    for key, given in sent.items():
        if CATALOGUE[key].is_secret and not given:
            continue
        try:
            change_setting(
                uow=request_unit_of_work(),
                actor=current_actor(),
                key=key,
                given=given,
                # A secret is replaced whatever it was: another server may just have taken it away.
                version=None if CATALOGUE[key].is_secret else _version(request.form, key),
                keychain=collaborator(Keychain),
                offers=collaborator(Offers),
            )
        except InvalidFields as wrong:
            errors |= {name: list(said) for name, said in wrong.errors.items()}
    return errors


def _reset(members: list[Setting]) -> None:
    for setting in members:
        reset_setting(uow=request_unit_of_work(), actor=current_actor(), key=setting.key)


def _members(group: str) -> list[Setting]:
    if group not in GROUPS:
        raise NotFound("group of settings")
    return [setting for setting in CATALOGUE.values() if setting.group == group]


def _field_name(key: str) -> str:
    """A name without dots, for ids in the page."""
    return key.replace(".", "_")


def _version(form: Mapping[str, str], key: str) -> int:
    text = form.get(f"version_{_field_name(key)}", "")
    return int(text) if text.isdecimal() and len(text) < 15 else 0


def _sent(members: list[Setting]) -> dict[str, object]:
    """What was sent, as JSON would have it; what is no number stays text, so that it is refused."""
    sent: dict[str, object] = {}
    for setting in members:
        name = _field_name(setting.key)
        if setting.kind == "switch":
            sent[setting.key] = request.form.get(name) == _YES
        elif setting.kind == "roles":
            sent[setting.key] = request.form.getlist(name)
        elif setting.kind != "number":
            sent[setting.key] = request.form.get(name, "")
        else:
            text = canonical(request.form.get(name, ""))
            sent[setting.key] = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text
    return sent


def _show(
    *,
    sent: Mapping[str, object] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    overtaken: bool = False,
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    rows = list_settings(uow=uow)
    given = sent or {}
    groups = [_group(name, [row for row in rows if row.setting.group == name], given) for name in GROUPS]
    answer = page(
        "settings/show.html",
        status=status,
        groups=groups,
        errors=spoken({_field_name(key): messages for key, messages in (errors or {}).items()}),
        labels={_field_name(row.key): gettext(row.setting.label) for row in rows},
        roles=options(ROLE_NAMES),
        there=_there(groups) if overtaken else None,
    )
    uow.commit()
    return answer


def _there(groups: list[Group]) -> list[tuple[str, str]]:
    """What holds now where it differs from what was sent, in words."""
    differing = [field for group in groups for field in group.fields if not _same(field)]
    return [(gettext(field.row.setting.label), _in_words(field.row.value)) for field in differing]


def _same(field: Field) -> bool:
    return _listed(field.shown) == _listed(field.row.value)


def _listed(value: object) -> object:
    """Roles in one order, however they came."""
    return sorted(value) if isinstance(value, list | tuple) else value


def _in_words(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(gettext(ROLE_NAMES[role]) for role in value if role in ROLE_NAMES)
    if isinstance(value, bool):
        return str(gettext("On") if value else gettext("Off"))
    return str(value)


def _group(name: str, rows: list[SettingRow], given: Mapping[str, object]) -> Group:
    offers, account = collaborator(Offers), ACCOUNTS.get(name)
    fields = [
        Field(
            row=row,
            name=_field_name(row.key),
            # What was sent is shown as it came; a secret never is.
            shown=row.value if row.setting.is_secret else given.get(row.key, row.value),  # type: ignore[arg-type]  # see above
            version=row.version,
        )
        for row in rows
    ]
    return Group(
        name=name,
        title=gettext(GROUPS[name]),
        fields=fields,
        servers=None if account is None else offers.of(account.server),
        usual=account is not None and account.channel in offers.usual,
    )
