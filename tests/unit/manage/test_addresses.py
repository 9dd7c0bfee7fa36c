"""Addresses quote what they hold."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from manage.embedded.addresses import PostgresAddress, RedisAddress

# libpq ends a text at a zero byte, and no password of ours or of a person holds one; surrogates are no text.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


def address(password: str) -> PostgresAddress:
    return PostgresAddress(
        host="127.0.0.1", port=5433, superuser="sokham", password=password, socket_dir=Path("/run/sokham")
    )


@given(password=texts, database=texts, user=texts)
def test_conninfo_and_url_say_the_same(password: str, database: str, user: str) -> None:
    one = address("other")
    by_name = conninfo_to_dict(one.conninfo(database=database, user=user, password=password))
    assert by_name.pop("require_auth") == "scram-sha-256"
    assert by_name == conninfo_to_dict(one.url(database=database, user=user, password=password))
    assert (by_name["dbname"], by_name["user"], by_name["password"]) == (database, user, password)


def test_the_superuser_is_the_default_and_lends_its_password_to_nobody() -> None:
    one = address("hers")
    assert one.url() == "postgresql://sokham:hers@127.0.0.1:5433/postgres"
    assert "hers" not in one.url(user="app")
    assert "hers" not in one.conninfo(user="app")


def test_no_repr_shows_a_password() -> None:
    assert "hers" not in repr(address("hers"))
    assert "hers" not in repr(RedisAddress(host="127.0.0.1", port=1, password="hers"))


def test_redis_url_is_quoted() -> None:
    assert (
        RedisAddress(host="127.0.0.1", port=1, password="a/b:c@d").url(database=2)
        == "redis://:a%2Fb%3Ac%40d@127.0.0.1:1/2"
    )
