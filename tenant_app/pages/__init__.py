"""The staff portal's pages: HTML over the same services as the API, complete without JavaScript."""

from typing import Final

from flask import Blueprint

from central.auth.public import account_pages, factor_pages
from tenant_app.auth.own_account import StaffAccount, StaffSecondFactor
from tenant_app.pages.allergies import blueprint as allergies
from tenant_app.pages.audit_pages import blueprint as audit_pages
from tenant_app.pages.booking import blueprint as booking
from tenant_app.pages.calendar_files import blueprint as calendar_files
from tenant_app.pages.calendar_pages import blueprint as calendar_pages
from tenant_app.pages.calendar_view import blueprint as calendar
from tenant_app.pages.changing import blueprint as changing
from tenant_app.pages.connected_pages import blueprint as connected_pages
from tenant_app.pages.contacts import blueprint as contacts
from tenant_app.pages.day import blueprint as day
from tenant_app.pages.day_list import blueprint as day_list
from tenant_app.pages.department_pages import blueprint as department_pages
from tenant_app.pages.filter_pages import blueprint as filter_pages
from tenant_app.pages.history import blueprint as history
from tenant_app.pages.hospital_details import blueprint as hospital_details
from tenant_app.pages.hospital_pages import blueprint as hospital_pages
from tenant_app.pages.import_pages import blueprint as import_pages
from tenant_app.pages.insurance import blueprint as insurance
from tenant_app.pages.label import blueprint as label
from tenant_app.pages.lookup import blueprint as lookup
from tenant_app.pages.member_pages import blueprint as member_pages
from tenant_app.pages.moving_pages import blueprint as moving
from tenant_app.pages.notice_pages import blueprint as notice_pages
from tenant_app.pages.numbers import blueprint as numbers
from tenant_app.pages.patient_pages import blueprint as patient_pages
from tenant_app.pages.queue_desk import blueprint as queue_desk
from tenant_app.pages.queue_pages import blueprint as queue_pages
from tenant_app.pages.queue_wall import blueprint as queue_wall
from tenant_app.pages.registration import blueprint as registration
from tenant_app.pages.reminder_pages import blueprint as reminder_pages
from tenant_app.pages.reminder_settings import blueprint as reminder_settings
from tenant_app.pages.role_pages import blueprint as role_pages
from tenant_app.pages.schedule_pages import blueprint as schedule_pages
from tenant_app.pages.second_factors import blueprint as second_factors
from tenant_app.pages.session import blueprint as session
from tenant_app.pages.session import second_step
from tenant_app.pages.settings_pages import blueprint as settings_pages
from tenant_app.pages.staff_pages import blueprint as staff_pages
from tenant_app.pages.status_pages import blueprint as status_pages
from tenant_app.pages.timeline import blueprint as timeline
from tenant_app.pages.unusual_pages import blueprint as unusual_pages

PAGES: Final[tuple[Blueprint, ...]] = (
    session,
    second_step,
    account_pages(StaffAccount),
    factor_pages(StaffSecondFactor),
    lookup,
    notice_pages,
    filter_pages,
    day,
    day_list,
    booking,
    calendar,
    calendar_files,
    moving,
    queue_desk,
    queue_pages,
    queue_wall,
    registration,
    import_pages,
    changing,
    patient_pages,
    numbers,
    allergies,
    contacts,
    history,
    insurance,
    timeline,
    label,
    status_pages,
    staff_pages,
    # Before `member_pages`, whose addresses are people's ids.
    connected_pages,
    member_pages,
    second_factors,
    role_pages,
    hospital_pages,
    hospital_details,
    department_pages,
    calendar_pages,
    audit_pages,
    schedule_pages,
    unusual_pages,
    settings_pages,
    reminder_pages,
    reminder_settings,
)
