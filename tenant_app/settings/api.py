"""The hospital's settings over the API."""

from typing import Any

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version
from kernel.web.collaborators import collaborator, request_unit_of_work
from keys.public import Keychain
from tenant_app.settings import service
from tenant_app.settings.kinds import Offers
from tenant_app.settings.queries import SettingRow, list_settings, one_setting
from tenant_app.settings.schemas import SettingAnswer, SettingBody, SettingsAnswer

blueprint = Blueprint("settings", __name__, url_prefix="/api/v1/settings", description="What the hospital may set")

_Answer = tuple[SettingRow, int, dict[str, str]]


@blueprint.route("", methods=["GET"])
@requires("settings.manage")
@blueprint.response(200, SettingsAnswer)
def settings() -> Page[SettingRow]:
    """Every setting with its value, default and bounds."""
    uow = request_unit_of_work()
    listed = list_settings(uow=uow)
    uow.commit()
    return Page(listed, None)


@blueprint.route("/<setting_key>", methods=["GET"])
@requires("settings.manage")
@blueprint.response(200, SettingAnswer)
def show(setting_key: str) -> _Answer:
    """One setting."""
    return _answer(setting_key)


@blueprint.route("/<setting_key>", methods=["PUT"])
@requires("settings.manage")
@blueprint.arguments(SettingBody)
@blueprint.response(200, SettingAnswer)
def change(body: dict[str, Any], setting_key: str) -> _Answer:
    """Set it; takes If-Match, which is "0" for a default. Another server takes the secret of the old one away."""
    service.change_setting(
        uow=request_unit_of_work(),
        actor=current_actor(),
        key=setting_key,
        given=body["value"],
        version=expected_version(),
        keychain=collaborator(Keychain),
        offers=collaborator(Offers),
    )
    return _answer(setting_key)


@blueprint.route("/<setting_key>", methods=["DELETE"])
@requires("settings.manage")
@blueprint.response(200, SettingAnswer)
def reset(setting_key: str) -> _Answer:
    """Back to the default; takes If-Match."""
    uow = request_unit_of_work()
    service.reset_setting(uow=uow, actor=current_actor(), key=setting_key, version=expected_version())
    return _answer(setting_key)


def _answer(key: str) -> _Answer:
    uow = request_unit_of_work()
    found = one_setting(uow=uow, key=key)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}
