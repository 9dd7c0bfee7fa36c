"""Tests that share something costly, such as a whole running system, go to one worker of pytest-xdist.

Its own way, the mark `xdist_group`, writes the group into the test's id, which pytest 9.2 does not take: each of
two workers then started the system. Here the groups are known by their paths.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

# A folder's files share what is made for the session; a file's tests what is made for the module.
GROUPS: Final = (
    "tests/e2e/",
    "tests/contract/compose/test_commands.py",
    "tests/contract/compose/test_proxy.py",
    "tests/guards/test_routes.py",
    "tests/isolation/test_roles.py",
)


def group_of(nodeid: str) -> str:
    """The group of a test; most are one by themselves."""
    return next((group for group in GROUPS if nodeid.startswith(group)), nodeid)


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist says nothing of its types
    """Gives each group to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
