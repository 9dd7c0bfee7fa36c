"""Rows become objects by position; columns in another order than the fields are an error, never a mix-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import IteratorResult, Result
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import MultipleResultsFound

from kernel.database.rows import each_row_as, known_row_as, row_as, rows_as
from kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Department:
    code: str
    name: str


def _found(*rows: tuple[str, str], columns: Sequence[str] = ("code", "name")) -> Result[*tuple[Any, ...]]:
    return IteratorResult(SimpleResultMetaData(list(columns)), iter(rows))


def test_each_row_becomes_one_in_order() -> None:
    assert rows_as(Department, _found(("KKB", "Khoa Khám bệnh"), ("NHI", "Khoa Nhi"))) == [
        Department("KKB", "Khoa Khám bệnh"),
        Department("NHI", "Khoa Nhi"),
    ]


def test_rows_are_read_as_they_are_asked_for() -> None:
    each = each_row_as(Department, _found(("KKB", "Khoa Khám bệnh"), ("NHI", "Khoa Nhi")))
    assert next(each).code == "KKB"
    assert next(each).code == "NHI"


@pytest.mark.parametrize("columns", [("name", "code"), ("code", "title")])
def test_columns_that_are_not_the_fields_in_order_are_refused_before_a_row_is_read(columns: tuple[str, str]) -> None:
    with pytest.raises(TypeError, match="Department has the fields"):
        rows_as(Department, _found(columns=columns))


def test_the_only_row_or_none() -> None:
    assert row_as(Department, _found(("NHI", "Khoa Nhi"))) == Department("NHI", "Khoa Nhi")
    assert row_as(Department, _found()) is None
    with pytest.raises(MultipleResultsFound):
        row_as(Department, _found(("KKB", "Khoa Khám bệnh"), ("NHI", "Khoa Nhi")))


def test_what_is_not_there_is_not_found_by_its_name() -> None:
    with pytest.raises(NotFound) as refused:
        known_row_as(Department, _found(), what="department")
    assert str(refused.value) == "department"
