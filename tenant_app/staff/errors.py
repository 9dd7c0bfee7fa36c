"""Why staff, roles and departments could not be made or changed."""

from kernel.errors import Conflict, Forbidden
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


class DepartmentInUse(Conflict):
    """People, appointments to come, waiting numbers or working hours hang on it; `data` counts each."""

    code = "department_in_use"
    title = N_("The department cannot be closed yet")
    advice = N_("Move what hangs on it to other departments first.")


class DepartmentClosed(Conflict):
    """The department was closed, perhaps at this moment."""

    code = "department_closed"
    title = N_("This department is closed")
    advice = N_("Choose another department.")


class AlreadyJoined(Conflict):
    """The member of staff has accepted an invite: there is nothing left to invite them to."""

    code = "already_joined"
    title = N_("This person has joined already")
    advice = N_("They can sign in with their password.")


class NotJoined(Conflict):
    """Only somebody who can sign in has a password to replace."""

    code = "not_joined"
    title = N_("This person cannot sign in at present")
    advice = N_("Invite them again if they have not joined, or give them access again first.")


class AboutOneself(Conflict):
    """Nobody takes away or gives themselves rights."""

    code = "own_account"
    title = N_("Nobody changes their own rights")
    advice = N_("Ask another administrator to do it.")


class LastAdministrator(Conflict):
    """Without an administrator nobody could give rights any more."""

    code = "last_administrator"
    title = N_("This is the hospital's last administrator")
    advice = N_("Make somebody else an administrator first.")


class BeyondOwnRights(Forbidden):
    """Who may do more than the asker is not changed by them, and what they may not do they cannot give."""

    code = "beyond_own_rights"
    title = N_("This reaches beyond your own rights")
    advice = N_("Ask somebody who may change roles to do it.")


class RoleNameTaken(Conflict):
    """A role here has this name."""

    code = "role_name_taken"
    title = N_("This role name is taken")
    advice = N_("Choose another name.")


class RoleInUse(Conflict):
    """Somebody has the role."""

    code = "role_in_use"
    title = N_("People still have this role")
    advice = N_("Take it from them first.")


class BuiltInRole(Conflict):
    """The roles that every hospital has keep their names and stay."""

    code = "built_in_role"
    title = N_("Every hospital has this role")
    advice = N_("What it permits can be changed; its name stays, and it cannot be deleted.")
