"""An operator of Apache OpenDAL for an address: options, credentials, patience.

Spec: docs/backup.md#targets
"""

from typing import Final

import opendal
from opendal.layers import RetryLayer, TimeoutLayer

from client.backup.targets.cloud import CloudTarget
from client.backup.targets.cloud_faults import told_about
from client.backup.targets.credentials import Credentials
from client.backup.targets.parse import CloudAddress
from client.values import Surroundings

_TIMEOUT_S: Final = 60.0
# Waits of a third of a second, one, and three: a hiccup passes, what lasts is for a person to know.
_TRIES: Final = 3
_FIRST_WAIT_S: Final = 0.3
_FACTOR: Final = 3.0

# Looking for credentials of a machine in Amazon's cloud takes seconds everywhere else.
_DEFAULTS: Final = {"s3": {"disable_ec2_metadata": "true"}}


def open_cloud(
    address: CloudAddress, credentials: Credentials, surroundings: Surroundings
) -> CloudTarget:
    """Make a target; nothing is asked of the service yet.

    Raises:
        TargetRefused: an option that the service needs is missing or wrong.
    """
    defaults = _DEFAULTS.get(address.service, {})
    options = {**defaults, **address.options, **credentials.options}
    options.pop("scheme", None)  # would be taken for the first argument
    with told_about(str(address), "its settings"):
        operator = opendal.Operator(address.service, **options)
    patient = operator.layer(TimeoutLayer(_TIMEOUT_S, _TIMEOUT_S))
    again = RetryLayer(max_times=_TRIES, min_delay=_FIRST_WAIT_S, factor=_FACTOR)
    return CloudTarget(str(address), patient.layer(again), surroundings)
