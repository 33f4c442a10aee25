# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.training import device
from vi_ik_ros.sampling.training.device import resolve_device


@pytest.fixture
def machine(monkeypatch):
    """A machine with these accelerators."""

    def with_accelerators(*names):
        monkeypatch.setattr(device, "_accelerators", lambda: list(names))

    return with_accelerators


def test_a_machine_without_an_accelerator_computes_on_its_cpu(machine):
    machine()
    assert resolve_device("auto") == resolve_device("cpu") == torch.device("cpu")


def test_auto_takes_the_accelerator(machine):
    machine("xpu", "xpu:0", "xpu:1")
    assert resolve_device("auto") == torch.device("xpu")
    assert resolve_device("xpu:1") == torch.device("xpu:1")
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["xpu:2", "mps", "meta", "gpu", "", "cpu:", None])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(machine, name):
    machine("xpu", "xpu:0")
    with pytest.raises(InvalidInput, match="^device: .*expected one of auto, cpu, xpu, xpu:0$"):
        resolve_device(name)


def test_this_machine_names_only_devices_that_can_be_computed_on():
    for name in device._accelerators():
        assert float(torch.ones(2, device=resolve_device(name)).sum()) == 2.0
