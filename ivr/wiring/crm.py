"""Who delivers events to the CRMs that settings name."""

from __future__ import annotations

from datetime import timedelta

from ivr.clock import Clock
from ivr.errors import SettingsError
from ivr.records.database import Database
from ivr.settings import Settings
from ivr.telephony.crm.addresses import AddressPolicy
from ivr.telephony.crm.deliveries import Deliveries
from ivr.telephony.crm.post import HttpPost
from ivr.telephony.crm.signing import webhooks_of
from ivr.telephony.metrics import Metrics

#: Seconds for looking up a host, on which there is no time-out, and for the database.
_LOOKING_UP_S = 15.0


def open_deliveries(
    settings: Settings, db: Database, clock: Clock, metrics: Metrics
) -> Deliveries | None:
    """None where settings name no CRM. Nothing is delivered before it is started.

    Raises:
        SettingsError: a CRM is malformed or has no secret, or a network is none.
    """
    policy = _policy(settings)
    webhooks = webhooks_of(settings)
    if not webhooks:
        return None
    post = HttpPost(policy, timeout_s=settings.crm_timeout_s)
    lease = timedelta(seconds=2 * settings.crm_timeout_s + _LOOKING_UP_S)
    return Deliveries(db, webhooks, post, clock, metrics, lease=lease)


def _policy(settings: Settings) -> AddressPolicy:
    loopback = settings.mode == "rehearsal"
    try:
        return AddressPolicy.of(settings.crm_networks, loopback=loopback)
    except ValueError:
        raise SettingsError(
            "IVR_CRM_NETWORKS must be networks such as 10.20.0.0/16, with commas between"
        ) from None


def check_readers(settings: Settings) -> None:
    """
    Raises:
        SettingsError: a system that may read results has no key.
    """
    without = sorted(settings.result_readers.keys() - settings.result_keys.keys())
    if without:
        raise SettingsError(
            f"IVR_RESULT_READERS: no key for {', '.join(without)}", hint="IVR_RESULT_KEYS"
        )
