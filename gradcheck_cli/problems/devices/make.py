"""A device by its framework and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcheck_cli.vocabulary.errors import SettingError

if TYPE_CHECKING:
    from gradcheck_cli.problems.devices.device import Device

__all__ = ["WITH_DEVICES", "device_of"]

WITH_DEVICES = ("torch", "jax")


def device_of(framework: str, name: str = "cpu") -> Device:
    """Return where a framework keeps its arrays.

    Parameters
    ----------
    framework : {"torch", "jax"}
        The framework.
    name : str, optional
        As the framework calls the device.

    Raises
    ------
    SettingError
        Where the framework is not installed, knows no devices, or does not have this one.
    """
    from gradcheck_cli.problems.functions.autograd import import_framework

    module = import_framework(framework)
    if framework == "torch":
        from gradcheck_cli.problems.devices.torch_device import TorchDevice

        return TorchDevice(module, name)
    if framework == "jax":
        from gradcheck_cli.problems.devices.jax_device import JaxDevice

        return JaxDevice(module, name)
    raise SettingError(
        f"device is {name!r}, and {framework} has no devices", hint=f"it goes with {' and '.join(WITH_DEVICES)}"
    )
