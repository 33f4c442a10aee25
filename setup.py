# SPDX-License-Identifier: Apache-2.0
"""Install the package with pip: run the one CMakeLists.txt and put what it installs into a wheel.

colcon ignores this file. The wheel holds absolute paths of the environment that it was built for:
build it where it is used.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build" / "pip"

ROS_WHEELS = [  # ROS 2 Kilted; a machine with ROS 2 itself does not need them and uses colcon
    "ros-rclpy[fastrtps]==9.1.2",
    "ros-builtin-interfaces==2.3.0",
    "ros-diagnostic-msgs==5.5.1",
    "ros-geometry-msgs==5.5.1",
    "ros-rosgraph-msgs==2.3.0",
    "ros-sensor-msgs==5.5.1",
    "ros-std-msgs==5.5.1",
    "ros-std-srvs==5.5.1",
    "ros-visualization-msgs==5.5.1",
]
CLUSTER = ["ray[tune]>=2.44,<3"]  # vi-ik sweep
VIDEO = ["av>=14"]  # vi-ik skill run --video
VIEW = ["viser>=1.1,<2"]  # vi-ik view
TEST = ["pytest>=8,<9", "pytest-xdist>=3,<4"]
DEV = [*TEST, *CLUSTER, *VIDEO, *VIEW, "codespell>=2.3", "mypy>=1.13", "ruff>=0.9", "types-PyYAML"]


class CMakeBuild(build_py):
    """Build interfaces and modules with CMake in place of copying modules."""

    def run(self) -> None:
        """Install into build/pip/prefix, then split that into modules and data files."""
        prefix = BUILD / "prefix"
        shutil.rmtree(prefix, ignore_errors=True)
        environment = {**os.environ, "VIRTUAL_ENV": str(_wheels_prefix())}
        for arguments in (
            ["-S", ROOT, "-B", BUILD, f"-DCMAKE_INSTALL_PREFIX={prefix}"]
            + [f"-DPython3_EXECUTABLE={sys.executable}", "-DBUILD_TESTING=OFF"],
            ["--build", BUILD, "--parallel"],
            ["--install", BUILD],
        ):
            subprocess.run(["cmake", *arguments], check=True, env=environment)
        (package,) = prefix.glob(f"**/{self.distribution.get_name()}/__init__.py")
        shutil.copytree(
            package.parent, Path(self.build_lib) / package.parent.name, dirs_exist_ok=True
        )
        self.distribution.data_files = _data_files(prefix, site_packages=package.parents[1])


class BinaryDistribution(Distribution):
    """A distribution with compiled files, which setuptools cannot know about."""

    def has_ext_modules(self) -> bool:
        """Give the wheel the tag of this Python and platform."""
        return True


def _wheels_prefix() -> Path:
    """Return the environment that holds the ROS wheels: pip's build environment or this one."""
    for entry in (*map(Path, sys.path), Path(sysconfig.get_path("purelib"))):
        prefix = entry.parents[2] if len(entry.parents) > 2 else entry
        if (prefix / "share" / "ament_cmake").is_dir():
            return prefix
    raise SystemExit("setup.py: the ROS wheels of pyproject.toml [build-system] are not installed")


def _data_files(prefix: Path, *, site_packages: Path) -> list[tuple[str, list[str]]]:
    """List what lies outside of site-packages; the entry points below make bin/."""
    skipped = (site_packages, prefix / "bin")
    files = [path for path in sorted(prefix.rglob("*")) if path.is_file()]
    kept = [path for path in files if not any(path.is_relative_to(part) for part in skipped)]
    return [(str(path.parent.relative_to(prefix)), [str(path.relative_to(ROOT))]) for path in kept]


def _requirements(name: str) -> list[str]:
    """Read a requirements file without its comments."""
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    return [line for line in lines if line]


_MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()

setup(
    name=_MANIFEST.findtext("name"),
    version=_MANIFEST.findtext("version"),
    description=_MANIFEST.findtext("description"),
    license=_MANIFEST.findtext("license"),
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=["vi_ik_ros"],
    install_requires=_requirements("requirements-ros.txt") + ROS_WHEELS,
    extras_require={"cluster": CLUSTER, "video": VIDEO, "view": VIEW, "test": TEST, "dev": DEV},
    entry_points={"console_scripts": ["vi-ik = vi_ik_ros.cli.main:main"]},
    cmdclass={"build_py": CMakeBuild},
    distclass=BinaryDistribution,
    zip_safe=False,
)
