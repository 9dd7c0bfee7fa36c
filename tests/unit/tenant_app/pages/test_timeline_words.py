"""Every event of the timeline has words, whatever feature it comes from."""

from kernel.ids import new_row_id
from tenant_app.pages.timeline import KIND_NAMES, WORDS
from tenant_app.timeline.sources import SOURCES


def test_every_kind_and_every_event_has_words() -> None:
    assert set(KIND_NAMES) == set(SOURCES)
    whats = {
        column.value
        for events, _ in SOURCES.values()
        for statement in events(new_row_id())
        for column in [statement.selected_columns.what.element]
    }
    assert whats == set(WORDS)
