"""Charts out of plain elements: a height is one of twenty classes, for the policy allows no style attribute."""

from typing import Final

LEVELS: Final = 20


def level(count: int, fullest: int) -> int:
    """The height of `count` beside the fullest column; at least 1 for anything at all, so that one is seen."""
    return 0 if count == 0 else max(1, round(LEVELS * count / fullest))
