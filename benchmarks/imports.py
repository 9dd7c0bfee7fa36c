"""Importing patients from a file, against a bare COPY of the same patients with the same validation."""

import time
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.harness import Figure
from kernel.ids import new_global_id, new_row_id
from manage.demo.people import people
from tenant_app.patient_imports.reading import read_row
from tenant_app.patient_imports.tables import open_table
from tests.support.clinic import open_clinic
from tests.support.hospitals import Hospital
from tests.support.imports import Desk
from tests.support.patient_files import csv_file, line_of

_COLUMNS = ("full_name", "search_key", "date_of_birth", "gender", "phone", "address")
_COPY = f"COPY patients (id, patient_global_id, {', '.join(_COLUMNS)}) FROM STDIN"


def run(bench: Bench) -> Iterator[Figure]:
    """Upload, check, decide, import; each side into hospitals of its own, which are empty."""
    content = csv_file(map(line_of, people(bench.scale.import_rows)))
    fresh = iter([bench.ground.maker.make(name="Bệnh viện nhập liệu") for _ in range(2 * bench.scale.import_rounds)])
    found = bench.compare(
        "importing patients",
        lambda: bench.scale.import_rows / _imported(next(fresh), content),
        lambda: bench.scale.import_rows / _copied(next(fresh), content),
        rounds=bench.scale.import_rounds,
    )
    yield found.figure("import.of_copy", bar=0.2, unit="1/s", better="higher")


def _imported(hospital: Hospital, content: bytes) -> float:
    desk = Desk(open_clinic(hospital))
    begun = time.perf_counter()
    found = desk.checked(content)
    desk.decide(found, "import", which="doubtful")
    done = desk.imported(found)
    seconds = time.perf_counter() - begun
    if done.state != "done":
        raise RuntimeError(f"the import is {done.state}")
    desk.runner.close()
    return seconds


def _copied(hospital: Hospital, content: bytes) -> float:
    begun = time.perf_counter()
    table = open_table(content)
    mapping = ("full_name", "date_of_birth", "gender", "cccd", "phone", "address")
    with hospital.superuser() as connection, connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for number, cells in table.rows():
            if number > 1:
                values = read_row(number, cells, mapping).values
                copy.write_row([new_row_id(), new_global_id(), *(values.get(column) for column in _COLUMNS)])
    return time.perf_counter() - begun
