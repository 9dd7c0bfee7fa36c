"""The Vault policies of the processes: HCL written from `keys.policy.PROCESSES`, one file a process.

`python -m keys.vault_policies` writes the files; a test compares them with what it would write. Operations are granted
`update` only, never `create`: with it Vault's encrypt would make a missing key on the spot.
"""

from keys.policy import KeyPolicy
from keys.vault import MOUNT, key_name

_HEAD = """\
# What the process "{name}" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.
"""


def render(name: str, policy: KeyPolicy, *, mount: str = MOUNT) -> str:
    """The HCL of one process's policy."""
    blocks = [_HEAD.format(name=name)]
    for scope, grant in sorted(policy.grants.items()):
        key = key_name(scope)
        paths: list[tuple[str, tuple[str, ...]]] = []
        if grant.wrap:
            paths.append((f"{mount}/datakey/plaintext/{key}", ("update",)))
        if grant.unwrap:
            paths.append((f"{mount}/decrypt/{key}", ("update",)))
        if grant.manage:
            paths.append((f"{mount}/rewrap/{key}", ("update",)))
            paths.append((f"{mount}/keys/{key}/rotate", ("update",)))
        # Reading a key shows its versions, never the key; making one is the operator's.
        paths.append((f"{mount}/keys/{key}", ("create", "read", "update") if grant.manage else ("read",)))
        blocks += [_block(path, capabilities) for path, capabilities in paths]
    if any(grant.manage for grant in policy.grants.values()):
        blocks.append(_block(f"{mount}/keys", ("list",)))
    return "\n".join(blocks)


def _block(path: str, capabilities: tuple[str, ...]) -> str:
    listed = ", ".join(f'"{capability}"' for capability in capabilities)
    return f'path "{path}" {{\n  capabilities = [{listed}]\n}}\n'
