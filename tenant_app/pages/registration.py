"""Registering a patient: the CCCD first, because it fills in and finds doubles; then as little as is needed."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from central.patient_index.public import Cccd, parse_cccd
from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.text import canonical, digits
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import lead_to, page, parse_day, spoken
from tenant_app.pages.patient_form import CONTACT, SYSTEMS, TEXTS, PatientForm, cccd_of, read_form
from tenant_app.pages.people_alike import Compared, people_alike
from tenant_app.pages.shown import GENDER_NAMES, age, options, summary_of
from tenant_app.patients.public import (
    BLOOD_TYPES,
    IdentifierInUse,
    MismatchToConfirm,
    Registration,
    SearchTerms,
    parse_phone,
    register,
    search,
)

blueprint = Blueprint("registration", __name__, url_prefix="/patients/new")

_DATE: Final = re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b", re.ASCII)
EMPTY: Final = dict.fromkeys((*TEXTS, *SYSTEMS, *CONTACT), "")


@blueprint.route("")
@requires("patient.register")
def new() -> Response:
    """The empty form."""
    return _form(PatientForm(shown=dict(EMPTY)))


@blueprint.route("", methods=["POST"])
@requires("patient.register")
def create() -> Response:
    """Register; or carry over what a search had, or take over what the number says, by the button pressed."""
    step = request.form.get("step")
    if step == "carry":
        return _form(PatientForm(shown=EMPTY | carried_over(request.form.get("typed", ""))))
    if step == "take":
        return _form(_taken_over(read_form()))
    form = read_form()
    if form.errors:
        return _form(form, errors=form.errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if request.form.get("confirm_new") != "1":
        uow = request_unit_of_work()
        if found := people_alike(uow=uow, actor=current_actor(), shown=form.shown):
            return _form(form, alike=found, status=HTTPStatus.CONFLICT)
    return _register(form)


@blueprint.route("/cccd", methods=["POST"])
@requires("patient.register")
def check_cccd() -> Response:
    """What the typed number says of its holder, and whether somebody here has it: a part of the form, by htmx."""
    uow, actor = request_unit_of_work(), current_actor()
    text = request.form.get("cccd", "")
    problem, cccd = "", None
    if text.strip():
        try:
            cccd = parse_cccd(text)
        except InvalidFields as wrong:
            problem = " ".join(spoken(wrong.errors).get("cccd", []))
    answer = page("patients/cccd_check.html", problem=problem, **_about_number(uow, actor, cccd))
    uow.commit()
    return answer


@blueprint.route("/alike", methods=["POST"])
@requires("patient.register")
def check_alike() -> Response:
    """Patients who may be the person on the form: a part of the form, by htmx."""
    uow = request_unit_of_work()
    found = people_alike(uow=uow, actor=current_actor(), shown=read_form().shown)
    answer = page("patients/alike.html", alike=found, asked=False)
    uow.commit()
    return answer


def carried_over(text: str) -> dict[str, str]:
    """What was typed into the search, each part in its field of the form."""
    rest = canonical(text)[:200]
    fields: dict[str, str] = {}
    if found := _DATE.search(rest):
        try:
            fields["date_of_birth"] = parse_day(found[0], field="date_of_birth").strftime("%d/%m/%Y")
            rest = canonical(rest[: found.start()] + " " + rest[found.end() :])
        except InvalidFields:
            fields = {}
    if not rest:
        return fields
    if cccd_of(rest) is not None:
        return fields | {"cccd": digits(rest)}
    try:
        return fields | {"phone": parse_phone(rest)}
    except InvalidFields:
        pass_on = "full_name" if not any(letter.isdigit() for letter in rest) else "cccd"
    return fields | {pass_on: rest}


def _register(form: PatientForm) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    details = {
        name: value for name, value in form.details.items() if name not in {"full_name", "date_of_birth", "gender"}
    }
    new = Registration(
        full_name=form.details["full_name"],
        date_of_birth=form.details["date_of_birth"],
        gender=form.details["gender"],
        identifiers=form.identifiers,
        details=details,
        confirm_mismatch=form.confirm_mismatch,
    )
    try:
        made = register(uow=uow, actor=actor, new=new)
    except MismatchToConfirm as asked:
        uow.session.rollback()
        return _form(form, mismatch=asked.errors, status=asked.status)
    except InvalidFields as wrong:
        uow.session.rollback()
        return _form(form, errors=wrong.errors, status=wrong.status)
    except IdentifierInUse as taken:
        uow.session.rollback()
        return _form(form, taken=taken, status=taken.status)
    uow.commit()
    return lead_to(url_for("patient_pages.show", patient_id=made.patient.id, registered="1"))


def _taken_over(form: PatientForm) -> PatientForm:
    """The form with the sex that the number says; the year of birth is shown beside the date, which stays theirs."""
    cccd = cccd_of(form.shown["cccd"])
    if cccd is not None:
        form.shown["gender"] = cccd.gender
    form.errors = {}
    return form


def _about_number(uow: UnitOfWork, actor: Actor, cccd: Cccd | None) -> dict[str, Any]:
    if cccd is None:
        return {"cccd": None, "says": "", "differs": [], "owner": None}
    gender = request.form.get("gender") or None
    try:
        born = parse_day(request.form.get("date_of_birth", ""), field="date_of_birth")
    except InvalidFields:
        born = None
    owner = None
    if actor.may("patient.read"):
        terms = SearchTerms(identifiers=(cccd.value,))
        owner = next(iter(search(uow=uow, actor=actor, terms=terms, limit=1).items), None)
    return {
        "cccd": cccd,
        "says": summary_of(cccd),
        "differs": [gettext(each.message) for each in cccd.disagreements(gender, born)],
        "gender_open": gender is None,
        "owner": owner,
        "owner_age": age(owner.date_of_birth, today=local_today()) if owner else "",
    }


def _form(
    form: PatientForm,
    *,
    errors: dict[str, list[str]] | None = None,
    mismatch: dict[str, list[str]] | None = None,
    taken: IdentifierInUse | None = None,
    alike: Sequence[Compared] = (),
    status: int = HTTPStatus.OK,
) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    said = spoken(errors or {})
    owner_id = ""
    if taken is not None:
        field = str(taken.data.get("field", "cccd"))
        said[field] = [gettext(taken.title)]
        owner_id = str(taken.data.get("patient_id", "")) if actor.may("patient.read") else ""
    about = _about_number(uow, actor, None if said.get("cccd") else cccd_of(form.shown["cccd"]))
    answer = page(
        "patients/register.html",
        status=status,
        shown=form.shown,
        errors=said,
        mismatch=spoken(mismatch or {}),
        owner_id=owner_id,
        alike=alike,
        asked=bool(alike),
        confirmed_new=request.form.get("confirm_new") == "1",
        genders=options(GENDER_NAMES),
        blood_types=[(kind, kind) for kind in BLOOD_TYPES],
        problem="",
        **about,
    )
    uow.commit()
    return answer
