"""The staff portal's pages: HTML over the same services as the API, complete without JavaScript."""

from typing import Final

from flask import Blueprint

from tenant_app.pages import (
    booking,
    changing,
    day,
    hospital_pages,
    patient_pages,
    registration,
    session,
    staff_pages,
)

PAGES: Final[tuple[Blueprint, ...]] = (
    session.blueprint,
    day.blueprint,
    booking.blueprint,
    registration.blueprint,
    changing.blueprint,
    patient_pages.blueprint,
    staff_pages.blueprint,
    hospital_pages.blueprint,
)
