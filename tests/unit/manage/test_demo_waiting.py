"""The demo's lines: people come in order, are called after they came, and some still wait."""

import random
from datetime import UTC, datetime

import pytest

from manage.demo.waiting import PEOPLE, arrivals_of
from tenant_app.queue.models import PRIORITIES


@pytest.mark.parametrize("seed", range(20))
def test_a_line_is_believable(seed: int) -> None:
    now = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    came = list(arrivals_of(now=now, chance=random.Random(seed)))
    assert len(came) == PEOPLE
    assert [each.came_at for each in came] == sorted(each.came_at for each in came)
    for each in came:
        moments = [each.came_at, *(moment for _, moment in each.steps)]
        assert moments == sorted(moments)
        assert moments[-1] <= now
        assert tuple(action for action, _ in each.steps) == ("call", "start", "finish")[: len(each.steps)]
        assert each.priority is None or each.priority in PRIORITIES
    assert any(not each.steps for each in came), "somebody waits"
    assert any(len(each.steps) == 3 for each in came), "somebody has been seen"


def test_nobody_comes_before_midnight() -> None:
    just_after = datetime(2026, 11, 22, 17, 20, tzinfo=UTC)
    came = list(arrivals_of(now=just_after, chance=random.Random(1)))
    assert len(came) < 4
