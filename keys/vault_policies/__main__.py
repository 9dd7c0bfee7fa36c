"""Write the policy files from `keys.policy.PROCESSES`."""

from pathlib import Path

from keys.policy import PROCESSES
from keys.vault_policies import render

if __name__ == "__main__":
    for process, process_policy in PROCESSES.items():
        Path(__file__).with_name(f"{process}.hcl").write_text(render(process, process_policy), encoding="utf-8")
