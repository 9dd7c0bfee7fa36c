"""What the registry refuses."""

from kernel.errors import Conflict, NotFound


class TenantUnknown(NotFound):
    """There is no such hospital."""

    code = "tenant_not_found"


class TenantCodeTaken(Conflict):
    """Another hospital has this code."""

    code = "tenant_code_taken"


class DomainTaken(Conflict):
    """Another hospital has this domain."""

    code = "domain_taken"


class TransitionRefused(Conflict):
    """A hospital cannot go from its state to the one asked for; `data` names both."""

    code = "transition_refused"


class OperationRunning(Conflict):
    """Something else is at work on this hospital; `retry_after` says when to look again."""

    code = "operation_running"
