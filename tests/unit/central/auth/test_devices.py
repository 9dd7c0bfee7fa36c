"""How a browser is named to its owner."""

import pytest

from central.auth.account import device_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/17.1 Safari/604.1"  # noqa: E501 - as it is sent


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (WINDOWS, "Chrome, Windows"),
        (f"{WINDOWS} Edg/131.0", "Edge, Windows"),
        (IPHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox, Linux"),
        ("curl/8.11.0", "curl/8.11.0"),
        ("<script>alert(1)</script>", "scriptalert1/script"),
        (None, ""),
    ],
)
def test_a_device_has_a_name_that_its_owner_knows(user_agent: str | None, device: str) -> None:
    assert device_of(user_agent) == device
