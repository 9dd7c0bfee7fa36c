"""The hospital's migrations, as provisioning asks for them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from migrations import runner


class MigratedHospitalSchema:
    """`central.provisioning.ports.HospitalSchema` over `migrations`."""

    def head(self) -> str:
        """The newest revision in the code; it does not change while a process runs."""
        return _head()

    def build(self, parameters: Mapping[str, Any]) -> None:
        """Migrate an empty database to the head."""
        runner.upgrade(parameters, "tenant")


@cache
def _head() -> str:
    return runner.head("tenant")
