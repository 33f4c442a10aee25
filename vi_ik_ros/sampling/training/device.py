# SPDX-License-Identifier: Apache-2.0
"""Which device a fit computes on."""

import torch

from vi_ik_ros.exceptions import InvalidInput

AUTO = "auto"  # the accelerator if there is one


def resolve_device(name: str, field: str = "device") -> torch.device:
    """Return the device of a name.

    Args:
        name: `auto`, `cpu`, or an accelerator as torch calls it, with or without an index.
        field: what an error calls it.

    Raises:
        InvalidInput: this machine, or this torch, has no such device.
    """
    present = _accelerators()
    if name == AUTO:
        return torch.device(present[0] if present else "cpu")
    if name not in ("cpu", *present):
        raise InvalidInput(field, name, f"one of {', '.join((AUTO, 'cpu', *present))}")
    return torch.device(name)


def _accelerators() -> list[str]:
    """Name what this machine has beside its CPU: the kind, then each device of it."""
    if not hasattr(torch, "accelerator") or not torch.accelerator.is_available():
        return []
    current = torch.accelerator.current_accelerator()
    assert current is not None  # one is available
    count = torch.accelerator.device_count()
    return [current.type, *(f"{current.type}:{index}" for index in range(count))]
