"""How much data and how many rounds: the whole, or `--quick`, whose figures say only that everything works."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Sizes of one run."""

    quick: bool
    rounds: int
    hospitals: int
    patients_of_each: int
    index_patients: int
    index_persons: int
    warm_calls: int
    orm_reads: int
    cold_lookups: int
    traffic_calls: int
    wall_seconds: float
    request_seconds: float
    outbox_rows: int
    sync_rounds: int
    desk_patients: int
    desk_appointments: int
    desk_reads: int
    live_windows: int
    live_events: int
    import_rows: int
    import_rounds: int


WHOLE = Scale(
    quick=False,
    rounds=7,
    hospitals=300,
    patients_of_each=50,
    index_patients=1_000_000,
    index_persons=870_000,
    warm_calls=20_000,
    orm_reads=1_500,
    cold_lookups=1_500,
    traffic_calls=200,
    wall_seconds=7.0,
    request_seconds=5.0,
    outbox_rows=100_000,
    sync_rounds=5,
    desk_patients=200_000,
    desk_appointments=1_000_000,
    desk_reads=120,
    live_windows=1_000,
    live_events=100,
    import_rows=50_000,
    import_rounds=3,
)

QUICK = Scale(
    quick=True,
    rounds=2,
    hospitals=24,
    patients_of_each=20,
    index_patients=20_000,
    index_persons=18_000,
    warm_calls=3_000,
    orm_reads=200,
    cold_lookups=200,
    traffic_calls=40,
    wall_seconds=3.0,
    request_seconds=1.0,
    outbox_rows=3_000,
    sync_rounds=1,
    desk_patients=5_000,
    desk_appointments=20_000,
    desk_reads=16,
    live_windows=100,
    live_events=10,
    import_rows=2_000,
    import_rounds=1,
)
