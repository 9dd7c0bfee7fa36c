"""A hospital of a large city: its patients, and the appointments of some years, written by a few statements."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import Connection

from tests.support.clinic import Clinic, open_clinic
from tests.support.hospitals import Hospital

DOCTORS: Final = 40
# Half-hours of one doctor's day, and how many of the days lie ahead.
SLOTS: Final = 16
DAYS_AHEAD: Final = 14
IN_LINE: Final = 200

# Composed as people are called; Nguyễn as often as it is. Beside each word, how a search finds it.
_FAMILIES: Final = (
    ("Nguyễn", "nguyen"),
    ("Nguyễn", "nguyen"),
    ("Nguyễn", "nguyen"),
    ("Nguyễn", "nguyen"),
    ("Trần", "tran"),
    ("Lê", "le"),
    ("Phạm", "pham"),
    ("Hoàng", "hoang"),
    ("Võ", "vo"),
    ("Đặng", "dang"),
)
_MIDDLES: Final = (("Thị", "thi"), ("Văn", "van"), ("Thị Ngọc", "thi ngoc"), ("Đức", "duc"), ("Thanh", "thanh"))
_GIVEN: Final = (
    ("An", "an"),
    ("Bình", "binh"),
    ("Châu", "chau"),
    ("Dũng", "dung"),
    ("Đạt", "dat"),
    ("Giang", "giang"),
    ("Hà", "ha"),
    ("Hạnh", "hanh"),
    ("Hiếu", "hieu"),
    ("Hương", "huong"),
    ("Khánh", "khanh"),
    ("Lan", "lan"),
    ("Linh", "linh"),
    ("Long", "long"),
    ("Mai", "mai"),
    ("Minh", "minh"),
    ("Nam", "nam"),
    ("Nga", "nga"),
    ("Phúc", "phuc"),
    ("Phương", "phuong"),
    ("Quân", "quan"),
    ("Sơn", "son"),
    ("Tâm", "tam"),
    ("Thảo", "thao"),
    ("Trang", "trang"),
    ("Tuấn", "tuan"),
    ("Uyên", "uyen"),
    ("Vân", "van"),
    ("Vinh", "vinh"),
    ("Yến", "yen"),
)

_PATIENTS: Final = """
INSERT INTO patients (patient_global_id, full_name, search_key, date_of_birth, gender, phone)
SELECT gen_random_uuid(),
       concat_ws(' ', (%(families)s::text[])[f], (%(middles)s::text[])[m], (%(given)s::text[])[g]),
       concat_ws(' ', (%(families_key)s::text[])[f], (%(middles_key)s::text[])[m], (%(given_key)s::text[])[g]),
       date '1940-01-01' + (i * 7919) %% 30000, CASE i %% 2 WHEN 0 THEN 'female' ELSE 'male' END,
       '09' || lpad(i::text, 8, '0')
FROM generate_series(1, %(count)s) AS i,
     LATERAL (SELECT 1 + i * 31 %% %(f)s AS f, 1 + i * 17 / 10 %% %(m)s AS m, 1 + i * 13 / 50 %% %(g)s AS g) AS word
"""
_NUMBERS: Final = """
INSERT INTO patient_identifiers (patient_id, system, value)
SELECT id, 'cccd', '079' || lpad(row_number() OVER (ORDER BY id)::text, 9, '0') FROM patients
"""
# One row a doctor and half-hour, from the last day ahead back into the past, until there are enough.
_APPOINTMENTS: Final = """
INSERT INTO appointments (patient_id, doctor_id, department_id, appointment_date, start_time, end_time,
                          appointment_type, status, completed_at, started_at)
SELECT patients.id, doctors.id, %(department)s, day, start, start + interval '30 minutes', 'consultation',
       CASE WHEN day < local_today THEN 'completed' ELSE 'scheduled' END,
       CASE WHEN day < local_today THEN now() END, CASE WHEN day < local_today THEN now() END
FROM generate_series(0, %(count)s - 1) AS i
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS local_today) AS today
CROSS JOIN LATERAL (SELECT local_today + %(ahead)s - (i / (%(slots)s * %(doctors)s))::int AS day,
                           time '07:00' + (i / %(doctors)s %% %(slots)s) * interval '30 minutes' AS start) AS slot
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM unnest(%(doctor_ids)s::uuid[]) AS id) AS doctors
  ON doctors.n = i %% %(doctors)s
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM patients) AS patients
  ON patients.n = i::bigint * 7919 %% %(patients)s
"""
_LINE: Final = """
INSERT INTO queue_entries (department_id, queue_day, number, patient_id, priority, taken_at, waits_since)
SELECT %(department)s, (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, n, id,
       CASE n %% 9 WHEN 0 THEN 'elder' ELSE 'none' END, now() - n * interval '20 seconds',
       now() - n * interval '20 seconds'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM patients LIMIT %(count)s) AS first
"""


@dataclass(frozen=True, kw_only=True)
class LargeHospital:
    """The hospital with its many."""

    clinic: Clinic
    patients: list[UUID]


def fill(hospital: Hospital, *, patients: int, appointments: int) -> LargeHospital:
    """Fill a hospital that has no patients yet."""
    clinic = open_clinic(hospital, doctors=DOCTORS)
    with hospital.superuser() as connection:
        ids = _people(connection, count=patients)
        connection.execute(
            _APPOINTMENTS,
            {
                "department": clinic.department_id,
                "doctor_ids": clinic.doctor_ids,
                "count": appointments,
                "patients": patients,
                "doctors": DOCTORS,
                "slots": SLOTS,
                "ahead": DAYS_AHEAD,
            },
        )
        connection.execute(_LINE, {"department": clinic.department_id, "count": IN_LINE})
        connection.execute("VACUUM ANALYZE")
    return LargeHospital(clinic=clinic, patients=ids)


def _people(connection: Connection[Any], *, count: int) -> list[UUID]:
    words = {"families": _FAMILIES, "middles": _MIDDLES, "given": _GIVEN}
    connection.execute(
        _PATIENTS,
        {
            "count": count,
            **{name: [word for word, _ in pairs] for name, pairs in words.items()},
            **{f"{name}_key": [key for _, key in pairs] for name, pairs in words.items()},
            **{name[0]: len(pairs) for name, pairs in words.items()},
        },
    )
    connection.execute(_NUMBERS)
    return [row[0] for row in connection.execute("SELECT id FROM patients")]
