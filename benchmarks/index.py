"""The central index, filled by COPY with as many patients as a large city has."""

import random
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from benchmarks.ground import SEED, Ground

_SEALED_IDENTIFIER = "v1." + "A" * 92
_SEALED_METADATA = "v1." + "B" * 260
_INDEXES = (
    "ix_person_identifiers_person_id",
    "ix_central_patient_index_person",
)


@cache
def _numbers(count: int) -> tuple[str, ...]:
    source = random.Random(SEED)
    found: dict[str, None] = {}
    while len(found) < count:
        # Province, century and sex, year, six digits: see vietnam.md. Any province does here.
        found[f"{source.randrange(1, 97):03d}{source.randrange(4)}{source.randrange(10**8):08d}"] = None
    return tuple(found)


def cccd_numbers(count: int) -> list[str]:
    """The numbers of the first `count` people of the index, the same in each run."""
    return list(_numbers(count))


def fill_index(ground: Ground) -> None:
    """Put the people into central's index once: their digests are real, what is sealed is only as long as real."""
    if ground.index_is_large:
        return
    ground.index_is_large, scale = True, ground.scale
    with ground.central.superuser() as connection:
        tenants = [hospital.tenant for hospital in ground.fleet.hospitals]
        ground.report(f"filling the index with {scale.index_patients:,} patients")
        # The rows refer to what exists; checking that a million times is not what is measured.
        connection.execute("SET session_replication_role = replica")
        persons = _copy_persons(ground, connection, count=scale.index_persons)
        _copy_entries(connection, persons=persons, patients=scale.index_patients, tenants=tenants)
        ground.report("analysing the index")
        for table in ("persons", "person_identifiers", "central_patient_index"):
            connection.execute(sql.SQL("VACUUM (ANALYZE, FREEZE) {}").format(sql.Identifier(table)))
        connection.execute("CHECKPOINT")


def _copy_persons(ground: Ground, connection: psycopg.Connection[Any], *, count: int) -> list[str]:
    source, dek = random.Random(SEED + 9), UUID(int=random.Random(SEED).getrandbits(128))
    persons = [str(UUID(int=source.getrandbits(128), version=4)) for _ in range(count)]
    digest = ground.blind_index.digest
    with connection.cursor() as cursor:
        with cursor.copy("COPY persons (id) FROM STDIN") as copy:
            for block in _blocks(persons):
                copy.write("".join(f"{person}\n" for person in block))
        rows = list(zip(persons, cccd_numbers(count), strict=True))
        with cursor.copy(
            "COPY person_identifiers (person_id, system, key_version, digest, sealed_value, dek_id) FROM STDIN"
        ) as copy:
            for block in _blocks(rows):
                copy.write(
                    "".join(
                        f"{person}\tcccd\t1\t\\\\x{digest('cccd', number).value.hex()}\t{_SEALED_IDENTIFIER}\t{dek}\n"
                        for person, number in block
                    )
                )
    return persons


def _copy_entries(
    connection: psycopg.Connection[Any], *, persons: list[str], patients: int, tenants: list[Any]
) -> None:
    """Each person has a book at one hospital, some at a second one."""
    source, dek = random.Random(SEED + 10), UUID(int=random.Random(SEED).getrandbits(128))
    entries = persons + source.sample(persons, patients - len(persons))
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY central_patient_index (patient_global_id, tenant_id, patient_local_id, metadata_encrypted,"
            " encryption_key_id, status, epoch, n) FROM STDIN"
        ) as copy,
    ):
        for block in _blocks(entries):
            copy.write(
                "".join(
                    f"{person}\t{source.choice(tenants)}\t{UUID(int=source.getrandbits(128))}\t{_SEALED_METADATA}"
                    f"\t{dek}\tactive\t1\t1\n"
                    for person in block
                )
            )


def _blocks(items: list[Any], size: int = 5_000) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
