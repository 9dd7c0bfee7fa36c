"""The bare route beside ours: the same ORM read, the same audit insert, one transaction, one engine; nothing else.

No session, no permission, no limit, no log line, no metrics, no headers, no schema.
"""

import json
import os
from uuid import UUID

from flask import Flask, Response, jsonify
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.patients import service

PARAMETERS = "BENCHMARK_HOSPITAL"
THREADS = 8


def create_app() -> Flask:
    """The app; its hospital's libpq parameters are in the environment, as JSON."""
    app = Flask("bare")
    parameters = json.loads(os.environ[PARAMETERS])
    engine = create_engine("postgresql+psycopg://", connect_args=parameters, pool_size=THREADS)
    actor = Actor(
        kind="staff",
        id=new_row_id(),
        session_id=new_row_id(),
        name="",
        role="admin",
        permissions=frozenset(),
    )

    @app.get("/patients/<uuid:patient_id>")
    def show(patient_id: UUID) -> Response:
        with Session(engine, expire_on_commit=False) as session:
            found = service.read(uow=UnitOfWork(session), actor=actor, patient_id=patient_id)
            session.commit()
        patient = found.patient
        return jsonify(
            id=patient.id,
            patient_code=patient.patient_code,
            patient_global_id=patient.patient_global_id,
            global_id_state=patient.global_id_state,
            full_name=patient.full_name,
            date_of_birth=patient.date_of_birth.isoformat(),
            gender=patient.gender,
            phone=patient.phone,
            email=patient.email,
            address=patient.address,
            status=patient.status,
            version=patient.version,
            created_at=patient.created_at.isoformat(),
            updated_at=patient.updated_at.isoformat(),
            **found.identifiers,
        )

    @app.get("/healthz")
    def health() -> str:
        return "ok"

    return app
