"""What a view works with (router, keychain, …) is given to create_app, kept by its type, and asked for by its type."""

from typing import Any, TypeVar

from flask import Flask, current_app, g

from kernel.database.unit_of_work import UnitOfWork

T = TypeVar("T")
_KEY = "sokham"


def provide(app: Flask, *collaborators: object) -> None:
    """Make these available to the views of `app`."""
    held: dict[type, Any] = app.extensions.setdefault(_KEY, {})
    held.update({type(item): item for item in collaborators})


def collaborator(kind: type[T]) -> T:
    """The collaborator of exactly this type; KeyError is a mistake of wiring."""
    item: T = current_app.extensions[_KEY][kind]
    return item


def hold_unit_of_work(uow: UnitOfWork) -> UnitOfWork:
    """Give the request its transaction; it is closed, and rolled back unless committed, when the request ends."""
    g.uow = uow
    return uow


def request_unit_of_work() -> UnitOfWork:
    """The transaction in which the session was checked: everything that the request does belongs in it."""
    uow: UnitOfWork = g.uow
    return uow


def close_unit_of_work(_error: BaseException | None = None) -> None:
    """Teardown of the request."""
    uow: UnitOfWork | None = g.pop("uow", None)
    if uow is not None:
        uow.close()
