"""Why a patient could not be registered or changed."""

from kernel.errors import Conflict, InvalidFields
from kernel.text import N_


class IdentifierInUse(Conflict):
    """Another patient of this hospital has the number now; `data` names the field and, where known, that patient."""

    code = "identifier_in_use"
    title = N_("This number belongs to a patient who is already registered here")
    advice = N_("Open that patient's page instead of registering them again.")


class MismatchToConfirm(InvalidFields):
    """The CCCD says another gender or year of birth than the form; `confirm_mismatch` says that it is so."""

    code = "mismatch_to_confirm"
    title = N_("The citizen identity number does not agree with the form")
    advice = N_("Check both. If they are right as they stand, confirm it and save again.")


class IdentifierEnded(Conflict):
    """The number holds no longer, so it can be neither ended nor corrected."""

    code = "identifier_ended"
    title = N_("This number has ended already")
    advice = N_("Look at the numbers again; a colleague may have been quicker.")


class AllergyEnded(Conflict):
    """The allergy was ended already."""

    code = "allergy_ended"
    title = N_("This allergy has ended already")
    advice = N_("Look at the allergies again; a colleague may have been quicker.")


class EntryEnded(Conflict):
    """The contact or piece of history was ended already."""

    code = "entry_ended"
    title = N_("This entry has ended already")
    advice = N_("Look at the list again; a colleague may have been quicker.")


class AllergiesKnown(Conflict):
    """Allergies stand in the record, so nobody can say that none is known."""

    code = "allergies_known"
    title = N_("Allergies stand in this record")
    advice = N_("End those that do not hold, then write down that none is known.")


class PatientInactive(Conflict):
    """The patient's record is closed for new things."""

    code = "patient_inactive"
    title = N_("This patient's record is not active")
    advice = N_("It can be read, but nothing new can be booked or given. Make the record active first.")


class PatientDeceased(PatientInactive):
    """The patient has died."""

    code = "patient_deceased"
    title = N_("This patient has died")
    advice = N_("Nothing new can be booked or given. If that is a mistake, take it back on the patient's page first.")


class StatusNotAllowed(Conflict):
    """The record cannot take this status from the one it has; `data` says that one and what is possible."""

    code = "status_not_allowed"
    title = N_("The record cannot take this status now")
    advice = N_("Look at it again; a colleague may have been quicker.")
