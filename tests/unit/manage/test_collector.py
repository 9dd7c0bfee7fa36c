"""The collector rests while a process starts, and never longer."""

import gc

import pytest

from manage import collector, gunicorn_config, live_config


def test_it_works_again_after_an_import_that_failed() -> None:
    assert gc.isenabled()
    seen = []

    def failing() -> None:
        with collector.resting():
            seen.append(gc.isenabled())
            raise ImportError

    with pytest.raises(ImportError):
        failing()
    assert (seen, gc.isenabled()) == ([False], True)


@pytest.mark.parametrize("config", [gunicorn_config, live_config])
def test_it_rests_in_gunicorns_workers_until_the_app_is_there(config: object) -> None:
    # gunicorn takes these by their names.
    vars(config)["post_fork"](None, None)
    try:
        assert not gc.isenabled()
    finally:
        vars(config)["post_worker_init"](None)
    assert gc.isenabled()
