"""What every app of a process compiles anew is compiled once: each test puts apps of its own together.

Both by the ways that Flask leaves open for it; what the apps do is the same.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

# What builds addresses of a rule, by all that it is made from; the rule itself is its first argument.
_builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}


class Templates(BytecodeCache):
    """By template and source, so that a changed one is another."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was compiled before, if it was."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


class RememberedRule(Rule):
    """A rule that builds addresses by what an equal one has compiled."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        known = (self.rule, tuple(self._trace), tuple((self.defaults or {}).items()), append_unknown)
        if known not in _builders:
            _builders[known] = super()._compile_builder(append_unknown)
        return _builders[known]


def compile_once() -> None:
    """From here on, for every app of this process."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    Flask.url_rule_class = RememberedRule
