"""The console's pages: HTML over the same services as the API, complete without JavaScript."""

from typing import Final

from flask import Blueprint

from central.auth.account_pages import account_pages
from central.auth.factor_pages import factor_pages
from central.auth.own_account import AdministratorAccount, AdministratorSecondFactor
from central.console.pages import (
    hospital_changes,
    hospitals,
    lookup,
    overview,
    people,
    records,
    session,
    sync,
    work,
)

PAGES: Final[tuple[Blueprint, ...]] = (
    session.blueprint,
    session.second_step,
    account_pages(AdministratorAccount),
    factor_pages(AdministratorSecondFactor),
    overview.blueprint,
    hospitals.blueprint,
    hospital_changes.blueprint,
    work.blueprint,
    lookup.blueprint,
    sync.blueprint,
    people.blueprint,
    records.blueprint,
)
