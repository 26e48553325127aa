"""A device by its framework and its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcheck_cli.problems.devices.device import Device
from gradcheck_cli.problems.devices.jax_device import JaxDevice
from gradcheck_cli.problems.devices.torch_device import TorchDevice
from gradcheck_cli.problems.functions.autograd import import_framework
from gradcheck_cli.vocabulary.errors import SettingError

__all__ = ["DEVICES", "device_of"]

DEVICES: dict[str, Callable[[Any, str | None, str], Device]] = {"torch": TorchDevice, "jax": JaxDevice}
"""By framework, what makes a device of its name."""


def device_of(framework: str, name: str | None = None, arithmetic: str = "float64") -> Device:
    """Return where a framework keeps its arrays.

    Parameters
    ----------
    framework : {"torch", "jax"}
        The framework.
    name : str, optional
        As the framework calls the device; where it keeps arrays by itself if it is not given.
    arithmetic : str, optional
        In which gradients are computed.

    Raises
    ------
    SettingError
        Where the framework is not installed, knows no devices, or does not have this one.
    """
    module = import_framework(framework)
    if framework not in DEVICES:
        raise SettingError(
            f"device is {name!r}, and {framework} has no devices", hint=f"it goes with {' and '.join(DEVICES)}"
        )
    return DEVICES[framework](module, name, arithmetic)
