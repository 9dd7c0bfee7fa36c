"""Every module that adds tables to central's database, so that its metadata are whole."""

from sqlalchemy import MetaData

import central.audit.models
import central.auth.models
import central.patient_index.blind_index_keys
import central.patient_index.models
import central.registry.models
import central.sync.models  # noqa: F401 - imported for the tables that it declares, as all here.
import jobs.models  # noqa: F401 - the same.
from central.database import CentralBase

METADATA: MetaData = CentralBase.metadata
