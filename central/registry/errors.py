"""What the registry refuses."""

from kernel.errors import Conflict, NotFound
from kernel.text import N_


class TenantUnknown(NotFound):
    """There is no such hospital."""

    code = "tenant_not_found"
    title = N_("There is no such hospital")
    advice = N_("Check its code.")


class TenantCodeTaken(Conflict):
    """Another hospital has this code."""

    code = "tenant_code_taken"
    title = N_("Another hospital has this code")
    advice = N_("Choose another code.")


class DomainTaken(Conflict):
    """Another hospital has this domain."""

    code = "domain_taken"
    title = N_("Another hospital has this domain")
    advice = N_("Choose another domain, or leave it empty.")


class TransitionRefused(Conflict):
    """A hospital cannot go from its state to the one asked for; `data` names both."""

    code = "transition_refused"
    title = N_("The hospital's state does not allow this")
    advice = N_("Look at its present state first.")


class OperationRunning(Conflict):
    """Something else is at work on this hospital; `retry_after` says when to look again."""

    code = "operation_running"
    title = N_("Something else is at work on this hospital")
    advice = N_("Wait a moment, and try again.")
