"""JSON under /api/v1: OpenAPI 3.1, problem documents, cursors, entity tags."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final, TypeVar, overload

import marshmallow as ma
from flask import Flask, Request, Response, render_template, request
from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser

from kernel.errors import InvalidFields, InvalidRequest, PreconditionFailed, PreconditionRequired
from kernel.text import N_, storable
from kernel.web.access import public

MAX_PAGE = 100

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
_BIGINT_DIGITS = 18


class ProblemSchema(ma.Schema):
    """RFC 9457 problem document."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    request_id = ma.fields.String(required=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()))


class BodyParser(FlaskParser):
    """Reads JSON bodies as webargs does, and refuses as malformed what neither Python nor PostgreSQL could hold."""

    def _raw_load_json(self, req: Request) -> Any:
        """Raises InvalidRequest for nesting without end, numbers of thousands of digits, NUL, and lone surrogates."""
        try:
            body = super()._raw_load_json(req)
        except RecursionError:
            raise InvalidRequest("nested too deeply") from None
        except ValueError as error:
            if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
                raise
            raise InvalidRequest("a number too long") from None
        # Both can only come from an escape, which most bodies have none of.
        if b"\\u" in req.get_data(cache=True) and not _storable(body):
            raise InvalidRequest("characters that are none")
        return body


def _storable(node: Any) -> bool:
    """Whether every text in a JSON value can be stored."""
    if isinstance(node, str):
        return storable(node)
    if isinstance(node, dict):
        return all(storable(name) and _storable(value) for name, value in node.items())
    return all(map(_storable, node)) if isinstance(node, list) else True


class Blueprint(SmorestBlueprint):  # type: ignore[misc]  # flask-smorest ships no types
    """flask-smorest's, with bodies read by BodyParser."""

    ARGUMENTS_PARSER = BodyParser()


class Api(SmorestApi):  # type: ignore[misc]  # flask-smorest ships no types
    """flask-smorest with our problem documents; errors themselves are mapped by kernel.web.problems."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """None: kernel.web.problems maps HTTPException for pages and API alike."""

    def document(self) -> dict[str, Any]:
        """The OpenAPI document, with the media type that our errors really have."""
        document: dict[str, Any] = self.spec.to_dict()
        responses = list(document.get("components", {}).get("responses", {}).values())
        for path in document.get("paths", {}).values():
            for operation in path.values():
                if isinstance(operation, dict):
                    responses += [
                        answer for status, answer in operation.get("responses", {}).items() if status[0] in "45d"
                    ]
        for answer in responses:
            content = answer.get("content", {})
            if "application/json" in content and "ERROR" not in content:
                content["application/problem+json"] = content.pop("application/json")
        return document


def install(app: Flask, *, title: str) -> Api:
    """An Api whose document is at /api/openapi.json, readable at /api/docs."""
    app.config.update(
        API_TITLE=title,
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        JSON_SORT_KEYS=False,
        API_SPEC_OPTIONS={
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
            "security": [{"bearer": []}],
        },
    )
    api = Api(app)

    @public("The document describes calls; it holds no data.")
    def openapi_document() -> Response:
        return app.response_class(json.dumps(api.document()), mimetype="application/json")

    @public("As the document itself.")
    def openapi_page() -> str:
        return render_template("kit/api_docs.html", title=title)

    app.add_url_rule("/api/openapi.json", view_func=openapi_document)
    app.add_url_rule("/api/docs", view_func=openapi_page)
    return api


class PageArguments(ma.Schema):
    """`?limit=&cursor=` of every list."""

    class Meta:
        unknown = ma.EXCLUDE

    limit = ma.fields.Integer(load_default=25, validate=ma.validate.Range(min=1, max=MAX_PAGE))
    cursor = ma.fields.String(load_default=None, allow_none=True)


def write_cursor(*key: object) -> str:
    """An opaque cursor from the sort key of the last row."""
    text = json.dumps([str(part) for part in key], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@overload
def read_cursor(cursor: str | None, first: Callable[[str], A], /) -> tuple[A] | None: ...
@overload
def read_cursor(cursor: str | None, first: Callable[[str], A], second: Callable[[str], B], /) -> tuple[A, B] | None: ...
@overload
def read_cursor(
    cursor: str | None, first: Callable[[str], A], second: Callable[[str], B], third: Callable[[str], C], /
) -> tuple[A, B, C] | None: ...
def read_cursor(cursor: str | None, /, *parts: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """The sort key in a cursor, each part by its reader: `str`, `UUID`, `a_day`, `a_moment`, … ; None without a cursor.

    A reader raises ValueError for what it cannot read. Raises InvalidFields for a cursor that is not ours.
    """
    if not cursor:
        return None
    try:
        return tuple(read(text) for read, text in zip(parts, _texts(cursor), strict=True))
    except (ValueError, binascii.Error, RecursionError) as err:
        raise InvalidFields(errors={"cursor": [BAD_CURSOR]}) from err


def _texts(cursor: str) -> list[str]:
    key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if not isinstance(key, list) or not all(isinstance(part, str) and storable(part) for part in key):
        raise ValueError("a list of texts")
    return key


a_day: Final = date.fromisoformat


def a_moment(text: str) -> datetime:
    """A moment with its zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment has a zone")
    return moment


def a_time(text: str) -> time:
    """A time of day, which has no zone."""
    found = time.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError("a time of day has no zone")
    return found


def a_number(most: int = 2**31 - 1) -> Callable[[str], int]:
    """A reader of whole numbers from 0 to `most`: a column of the database holds no larger one."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
            raise ValueError("a whole number")
        return int(text)

    return read


BAD_CURSOR = N_("This cursor is not one that the list gave.")


def etag(version: int) -> str:
    """The entity tag of a row's version."""
    return f'"{version}"'


def expected_version() -> int:
    """The version in If-Match. Raises PreconditionRequired without one, PreconditionFailed for a foreign one."""
    given = request.headers.get("If-Match")
    if not given:
        raise PreconditionRequired
    text = given.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > _BIGINT_DIGITS:
        raise PreconditionFailed
    return int(text)


def version_if_sent() -> int | None:
    """The version in If-Match, or None: for actions whose own state guards against acting twice."""
    return expected_version() if "If-Match" in request.headers else None
