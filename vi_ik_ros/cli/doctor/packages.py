# SPDX-License-Identifier: Apache-2.0
"""Which packages can be imported, in which version, and what the lack of one costs."""

import importlib
import importlib.util
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from vi_ik_ros.cli.doctor.child import in_child
from vi_ik_ros.cli.doctor.finding import Finding, State, reason

SECTION = "packages"
APT = "sudo apt install ros-$ROS_DISTRO-"


@dataclass(frozen=True)
class Package:
    """A package that we use.

    Attributes:
        module: as it is imported.
        names: under which it may be installed.
        cost: what does not work without it.
        install: the command that brings it.
        required: nothing optional; its lack is a failure.
    """

    module: str
    names: tuple[str, ...]
    cost: str
    install: str
    required: bool = True
    is_risky: bool = False  # may end the process that imports it


PACKAGES = (
    Package("numpy", ("numpy",), "nothing works", 'pip install "numpy>=1.26"'),
    Package("scipy", ("scipy",), "no search trees", 'pip install "scipy>=1.11"'),
    Package("numba", ("numba",), "no refiner", 'pip install "numba>=0.60"'),
    Package("pinocchio", ("pin", "pinocchio"), "no robots", 'pip install "pin>=3.4"'),
    Package("coal", ("coal",), "no collision checks", 'pip install "pin>=3.4"'),
    Package("safetensors", ("safetensors",), "no models", 'pip install "safetensors>=0.4.3"'),
    Package("torch", ("torch",), "no training", 'pip install "torch>=2.4"'),
    Package("mujoco", ("mujoco",), "no contact simulation", 'pip install "mujoco>=4,<5"'),
    Package("gpytorch", ("gpytorch",), "no rival optimisers", 'pip install "gpytorch>=1.15,<2"'),
    Package("botorch", ("botorch",), "no rival optimisers", 'pip install "botorch>=0.18.1,<0.19"'),
    Package("matplotlib", ("matplotlib",), "no plots", 'pip install "matplotlib>=3.8"'),
    Package("mcap", ("mcap",), "no recordings", 'pip install "mcap>=1.1.1"'),
    Package("rclpy", ("ros-rclpy", "rclpy"), "no nodes", "see README, Install", is_risky=True),
    Package("ray", ("ray",), "no vi-ik sweep", 'pip install "ray[tune]>=2.44,<3"', False),
    Package("viser", ("viser",), "no vi-ik view", 'pip install "viser>=1,<2"', False),
    Package("av", ("av",), "no films of episodes", 'pip install "av>=14"', False),
    Package("argcomplete", ("argcomplete",), "no completion", "pip install argcomplete", False),
    Package(
        "launch_ros", ("launch-ros", "launch_ros"), "no ros2 launch; vi-ik up starts the nodes",
        f"{APT}launch-ros", False,
    ),
    Package(
        "moveit_msgs", ("ros-moveit-msgs", "moveit-msgs"), "no GetPositionIK service",
        f"{APT}moveit-msgs", False,
    ),
    Package(
        "tf2_ros", ("ros-tf2-ros", "tf2-ros"), "targets only in the base frame of a model",
        f"{APT}tf2-ros", False,
    ),
    Package(
        "tf2_msgs", ("ros-tf2-msgs", "tf2-msgs"), "no TF of the shown sample",
        f"{APT}tf2-msgs", False,
    ),
)  # fmt: skip


def python_finding() -> Finding:
    """Tell which Python runs."""
    return Finding(SECTION, "python", State.OK, platform.python_version())


def package_findings() -> Iterator[Finding]:
    """Import one package after the other."""
    yield python_finding()
    for package in PACKAGES:
        yield look_at(package)


def look_at(package: Package) -> Finding:
    """Import a package; whatever goes wrong inside of it becomes one line."""
    remedy = f"{package.cost}: {package.install}"
    try:
        if package.is_risky and importlib.util.find_spec(package.module) is not None:
            in_child(f"import {package.module}")
        module = importlib.import_module(package.module)
    except ModuleNotFoundError as error:
        if error.name == package.module:
            state = State.FAILED if package.required else State.MISSING
            return Finding(SECTION, package.module, state, "not installed", remedy)
        return _broken(package, error)
    except (Exception, SystemExit) as error:  # a module may raise what it likes
        return _broken(package, error)
    found = _version(package) or str(getattr(module, "__version__", "version not known"))
    return Finding(SECTION, package.module, State.OK, found)


def _broken(package: Package, error: BaseException) -> Finding:
    """Return the finding of a package that is there and cannot be imported."""
    state = State.FAILED if package.required else State.WARNING
    again = f"{package.cost} until it is installed anew: {package.install}"
    return Finding(SECTION, package.module, state, f"cannot be imported ({reason(error)})", again)


def _version(package: Package) -> str:
    """Return the installed version, '' where no installer has noted one."""
    for name in package.names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""
