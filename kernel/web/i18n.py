"""Vietnamese first, English whole: messages are written in English, the Vietnamese catalogue is complete (tested)."""

from datetime import date, datetime
from pathlib import Path

from flask import Flask, Response, redirect, request
from flask_babel import Babel, get_locale

from kernel.clock import LOCAL_ZONE
from kernel.errors import InvalidRequest
from kernel.web.access import public
from kernel.web.requests import of_api

LANGUAGES = ("vi", "en")
COOKIE = "lang"
_YEAR = 365 * 24 * 3600


def choose_language() -> str:
    """The person's choice (a cookie); for programs Accept-Language; else Vietnamese."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    if of_api():
        return request.accept_languages.best_match(LANGUAGES, default="vi") or "vi"
    return "vi"


def back_to() -> str:
    """The local path that a form wants to return to; never another site."""
    return own_path(request.form.get("next")) or "/"


def own_path(target: str | None) -> str:
    """The path within this portal that a visitor wanted; empty for none, and for another site.

    Browsers, and werkzeug before them, drop tabs and line ends: "/<tab>/evil.example" would be another site.
    """
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return ""
    return target if target.isprintable() else ""


def shown_date(value: date | None) -> str:
    """dd/mm/yyyy, as people write it in Việt Nam, in both languages."""
    return value.strftime("%d/%m/%Y") if value else ""


def shown_time(value: datetime | None) -> str:
    """Time of day in Việt Nam."""
    return value.astimezone(LOCAL_ZONE).strftime("%H:%M") if value else ""


def shown_moment(value: datetime | None) -> str:
    """Date and time in Việt Nam."""
    return value.astimezone(LOCAL_ZONE).strftime("%d/%m/%Y %H:%M") if value else ""


def install(app: Flask, packages: list[Path]) -> None:
    """Translations of each package in `packages` (their folders), the language switch, and the filters for dates."""
    Babel(
        app,
        locale_selector=choose_language,
        default_locale="vi",
        default_timezone="Asia/Ho_Chi_Minh",
        default_translation_directories=";".join(str(folder / "translations") for folder in packages),
    )
    app.jinja_env.filters.update(date=shown_date, time=shown_time, moment=shown_moment)
    app.jinja_env.globals["locale"] = lambda: str(get_locale())

    @public("Choosing a language reads and writes nothing but a cookie.")
    def language() -> Response:
        chosen = request.form.get("language", "")
        if chosen not in LANGUAGES:
            raise InvalidRequest("unknown language")
        response = redirect(back_to(), 303)
        response.set_cookie(COOKIE, chosen, max_age=_YEAR, samesite="Lax", httponly=True)
        return response  # type: ignore[return-value]  # werkzeug's Response is what Flask makes of it

    @public("Choosing light or dark reads and writes nothing but a cookie.")
    def theme() -> Response:
        chosen = request.form.get("theme", "")
        if chosen not in {"light", "dark", "auto"}:
            raise InvalidRequest("unknown theme")
        response = redirect(back_to(), 303)
        response.set_cookie("theme", chosen, max_age=_YEAR, samesite="Lax", httponly=True)
        return response  # type: ignore[return-value]  # as above

    app.add_url_rule("/language", view_func=language, methods=["POST"])
    app.add_url_rule("/theme", view_func=theme, methods=["POST"])
