"""Why staff and departments could not be made."""

from kernel.errors import Conflict
from kernel.text import N_


class UsernameTaken(Conflict):
    """Somebody here has this user name."""

    code = "username_taken"
    title = N_("This user name is taken")
    advice = N_("Choose another one.")


class EmailTaken(Conflict):
    """Somebody here has this e-mail address."""

    code = "email_taken"
    title = N_("This e-mail address is in use")
    advice = N_("Each member of staff has an address of their own.")


class DepartmentCodeTaken(Conflict):
    """A department here has this code."""

    code = "department_code_taken"
    title = N_("This department code is taken")
    advice = N_("Choose another code.")


class AlreadyJoined(Conflict):
    """The member of staff has accepted an invite: there is nothing left to invite them to."""

    code = "already_joined"
    title = N_("This person has joined already")
    advice = N_("They can sign in with their password.")
