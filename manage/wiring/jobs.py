"""The jobs."""

from jobs.process import JobsProcess
from kernel.settings import Settings
from manage.messaging.ways import message_kinds
from manage.wiring.hospitals import routing
from manage.wiring.sources import central_database


def jobs_process(settings: Settings) -> JobsProcess:
    """The jobs: sealing, partitions, pruning, reminders, who did not come."""
    routed = routing(settings, process="jobs", purpose="seal")
    return JobsProcess(
        central=central_database(settings, "seal", settings.password_seal, pool_size=4),
        router=routed.router,
        keychain=routed.keychain,
        data_dir=settings.data_dir,
        messages=message_kinds(settings),
    )
