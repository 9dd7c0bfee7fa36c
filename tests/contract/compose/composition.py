"""compose.yaml as the tests read it: merged, its variables at their defaults."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from compose_spec import PyCompose

ROOT = Path(__file__).parents[3]
SECRETS = "/run/secrets/"

# `${NAME:-default}` and `${NAME}`: the forms that the file uses; anything else stays, and a test finds it.
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::-(?P<default>[^}]*))?\}")

Service = dict[str, Any]


def merged() -> dict[str, Any]:
    """The file with `<<` resolved. PyYAML does it; the specification's parser reads JSON, which has no such thing."""
    with (ROOT / "compose.yaml").open(encoding="utf-8") as file:
        document: dict[str, Any] = yaml.safe_load(file)
    return document


def parsed() -> PyCompose:
    """The file through the Compose specification's parser; raises ValueError where it is no valid one."""
    return PyCompose.from_json(json.dumps(merged()))


def ours() -> dict[str, Service]:
    """The services that run our image, by name."""
    return {name: service for name, service in merged()["services"].items() if service.get("build") == "."}


def variables_in(text: str) -> dict[str, str | None]:
    """The variables that a value takes from outside, with their defaults."""
    return {found["name"]: found["default"] for found in _VARIABLE.finditer(text)}


def at_default(text: str) -> str:
    """The value when nothing is set outside."""
    return _VARIABLE.sub(lambda found: found["default"] or "", text)


def image_environment() -> dict[str, str]:
    """What the last stage of the Dockerfile sets."""
    last = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[-1]
    lines = [line.removeprefix("ENV ") for line in last.splitlines() if line.startswith("ENV ")]
    return dict(pair.split("=", 1) for line in lines for pair in line.split())
