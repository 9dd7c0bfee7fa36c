"""All settings with their source; a secret only says whether it is set."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from kernel.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingShown:
    """One setting. `source` is environment, file, default, or data folder for what `sokham up` made there."""

    variable: str
    value: str
    source: str
    about: str


def settings_shown(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[SettingShown]:
    """In the order in which they are declared."""
    shown = []
    for declared in fields(Settings):
        variable = declared.metadata.get("variable")
        if not variable:
            continue
        value = getattr(settings, declared.name)
        given = variable in environ or f"{variable}_FILE" in environ
        source = settings.sources.get(variable, "default")
        if source == "environment" and not given:
            source = "data folder"
        shown.append(
            SettingShown(
                variable=variable,
                value=_shown(value, secret=declared.metadata["secret"]),
                source=source,
                about=declared.metadata["about"],
            )
        )
    return shown


def _shown(value: Any, *, secret: bool) -> str:
    if secret:
        return "(set)" if value else "(not set)"
    text = str(value)
    # The URL of a database may carry a password although it need not.
    if "://" in text and "@" in text:
        parts = urlsplit(text)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
    return text
