"""What a hospital sets for itself, in tests."""

from tenant_app.settings.public import ACCOUNTS, Offers, change_setting
from tests.support.clinic import Clinic

OFFERS = Offers(
    servers={ACCOUNTS["sms"].server: ("viettel", "vnpt"), ACCOUNTS["mail"].server: ("thu",)}, usual=frozenset({"sms"})
)
TOKEN = "rat-bi-mat-9f31"


def set_value(clinic: Clinic, key: str, value: object) -> None:
    """As the administrator does on the page."""
    with clinic.uow() as uow:
        change_setting(
            uow=uow,
            actor=clinic.admin,
            key=key,
            given=value,
            version=None,
            keychain=clinic.hospital.keychain,
            offers=OFFERS,
        )
        uow.commit()


def own_sms(clinic: Clinic, *, gateway: str = "viettel", sender: str = "BVHONGHA", token: str = TOKEN) -> None:
    """An account of the hospital's own."""
    account = ACCOUNTS["sms"]
    for key, value in ((account.server, gateway), (account.sender, sender), (account.secret, token)):
        set_value(clinic, key, value)
