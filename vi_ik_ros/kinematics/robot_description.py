# SPDX-License-Identifier: Apache-2.0
"""Which robot is meant: its URDF, root, tip, locked joints and base."""

import importlib.util
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.kinematics.urdf_tree import suggest

EXAMPLE_PREFIX = "example-robot-data:"
_KEYS = ("urdf", "root", "tip", "locked", "floating_base", "ready", "name")
_BASE_KEYS = ("nominal_pose", "position_range", "rotation_range")


@dataclass(frozen=True)
class FloatingBase:
    """How the free base of a robot is charted: [x, y, z, rotation vector about nominal].

    Attributes:
        nominal_pose: T_world_base as x y z qx qy qz qw [m, unit]; the ready pose of the base.
        position_range: Limit of each position coordinate about the nominal position [m].
        rotation_range: Limit of each entry of the rotation vector [rad]; below pi / sqrt(3) every
            orientation inside the limits has one chart value.
    """

    nominal_pose: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    position_range: float = 2.0
    rotation_range: float = math.pi / 2


@dataclass(frozen=True)
class RobotDescription:
    """A robot as the user named it, with its URDF found but not yet read.

    Attributes:
        spec: What it was found by: an alias, a path, an address or a mapping.
        name: Alias, file stem or the mapping's name.
        urdf: The URDF file, or the URDF itself as one string that starts with `<`.
        root, tip: Link names, or None for the root link (`world` with a floating base) and the
            leaf behind the most joints.
        locked: Joint name to value [rad or m].
        floating_base: None for a fixed base.
        ready: Joint name to value [rad or m]; may be empty.
        package_dirs: Where `package://` addresses of meshes are looked up.
    """

    spec: str | Mapping
    name: str
    urdf: Path | str
    root: str | None = None
    tip: str | None = None
    locked: Mapping[str, float] = field(default_factory=dict)
    floating_base: FloatingBase | None = None
    ready: Mapping[str, float] = field(default_factory=dict)
    package_dirs: tuple[Path, ...] = ()

    def read_urdf(self) -> str:
        """Read the URDF's text.

        Raises:
            RobotError: If the file is missing or is not text.
        """
        if isinstance(self.urdf, str):
            return self.urdf
        try:
            return self.urdf.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise RobotError("robot", str(self.urdf), f"a readable URDF file ({reason})") from None


def load_description(spec: str | Path | Mapping | RobotDescription) -> RobotDescription:
    """Find the robot that a specification names.

    Args:
        spec: An alias of config/robots.yaml, the path of a URDF, `example-robot-data:` followed by
            a path below its robots/ or the stem of a file there, a URDF's text, or a mapping with
            `urdf` (one of the above) and optionally root, tip, locked, floating_base, ready, name.

    Raises:
        RobotError: If nothing of that name exists or the mapping has wrong keys or values.
    """
    if isinstance(spec, RobotDescription):
        return spec
    if isinstance(spec, Mapping):
        return _from_mapping(spec, dict(spec), Path.cwd())
    if isinstance(spec, str) and spec in (aliases := robot_aliases()):
        return _from_mapping({"name": spec, **aliases[spec]}, spec, share_dir())
    if not isinstance(spec, str | Path) or not str(spec).strip():
        raise RobotError("robot", spec, "an alias, a path or a mapping with the key urdf")
    text = str(spec)
    if _is_plain_name(text) and not Path(text).is_file():
        expected = f"a path, or a robot of config/robots.yaml, {suggest(text, tuple(aliases))}"
        raise RobotError("robot", text, expected)
    return _from_mapping({"urdf": text}, text, Path.cwd())


def robot_aliases() -> dict[str, dict]:
    """Read config/robots.yaml: alias to the mapping that describes the robot."""
    return yaml.safe_load((share_dir() / "config" / "robots.yaml").read_text(encoding="utf-8"))


def _is_plain_name(text: str) -> bool:
    """Tell a misspelt alias from a path, an address or XML."""
    return not any(mark in text for mark in "/\\:<.")


def _from_mapping(entry: Mapping, spec: str | Mapping, base_dir: Path) -> RobotDescription:
    """Check a mapping and find its URDF."""
    for key in entry:
        if key not in _KEYS:
            expected = f"one of the keys {suggest(str(key), _KEYS)}"
            raise RobotError(f"robot.{key}", entry[key], expected)
    urdf, package_dirs = _find_urdf(entry.get("urdf"), base_dir)
    default_name = urdf.stem if isinstance(urdf, Path) else "robot"
    return RobotDescription(
        spec=spec,
        name=_optional_name(entry, "name", "a name") or default_name,
        urdf=urdf,
        root=_optional_name(entry, "root", "the name of a link"),
        tip=_optional_name(entry, "tip", "the name of a link"),
        locked=_numbers(entry, "locked"),
        floating_base=_floating_base(entry.get("floating_base", False)),
        ready=_numbers(entry, "ready"),
        package_dirs=package_dirs,
    )


def _find_urdf(urdf: object, base_dir: Path) -> tuple[Path | str, tuple[Path, ...]]:
    """Resolve the urdf entry to a file (or text) and the directories of its packages."""
    if not isinstance(urdf, str | Path) or not str(urdf).strip():
        raise RobotError("robot.urdf", urdf, f"a path or {EXAMPLE_PREFIX}<path>")
    text = str(urdf)
    if text.lstrip().startswith("<"):
        return text, ()
    if text.startswith(EXAMPLE_PREFIX):
        robots = example_robots_dir()
        return _find_example(text.removeprefix(EXAMPLE_PREFIX), robots), (robots.parents[1],)
    path = base_dir / Path(text).expanduser()
    if not path.is_file():
        raise RobotError("robot.urdf", text, "a URDF file that exists")
    return path, (path.parent, path.parent.parent, path.parent.parent.parent)


def example_robots_dir() -> Path:
    """Find the robots/ directory of the package example-robot-data.

    The package has no Python module; its files lie in the same prefix as pinocchio's.

    Raises:
        RobotError: If it is not installed.
    """
    inside = Path("share") / "example-robot-data" / "robots"
    found = importlib.util.find_spec("pinocchio")
    origin = Path(found.origin) if found and found.origin else Path("/")
    for parent in origin.parents:
        for candidate in (parent / inside, parent / "cmeel.prefix" / inside):
            if candidate.is_dir():
                return candidate
    raise RobotError("robot", "example-robot-data", "that package installed beside pinocchio")


def _find_example(name: str, robots: Path) -> Path:
    """Find a URDF of example-robot-data by its path below robots/ or by its stem."""
    if (path := robots / name).is_file():
        return path
    files = sorted(robots.rglob("*.urdf"))
    matches = [file for file in files if file.stem == name]
    if len(matches) == 1:
        return matches[0]
    stems = tuple(sorted({file.stem for file in files}))
    shown = [str(file.relative_to(robots)) for file in matches]
    hint = f"one of the paths {', '.join(shown)}" if shown else f"a URDF, {suggest(name, stems)}"
    raise RobotError("robot", EXAMPLE_PREFIX + name, hint)


def _optional_name(entry: Mapping, key: str, expected: str) -> str | None:
    """Read a name or None."""
    value = entry.get(key)
    if value is not None and (not isinstance(value, str) or not value):
        raise RobotError(f"robot.{key}", value, expected)
    return value


def _numbers(entry: Mapping, key: str) -> dict[str, float]:
    """Read a mapping from joint names to finite numbers."""
    values = {} if entry.get(key) is None else entry[key]
    if not isinstance(values, Mapping):
        raise RobotError(f"robot.{key}", values, "a mapping from joint names to numbers")
    return {str(k): _finite(f"robot.{key}.{k}", v) for k, v in values.items()}


def _finite(name: str, value: object) -> float:
    """Read one finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise RobotError(name, value, "a finite number")
    if not abs(value) <= sys.float_info.max:  # NaN, or digits beyond counting
        raise RobotError(name, value, "a finite number")
    return float(value)


def _floating_base(value: object) -> FloatingBase | None:
    """Read `floating_base`: a truth value or a mapping."""
    if value is None or isinstance(value, bool):
        return FloatingBase() if value else None
    if isinstance(value, FloatingBase):
        return value
    if not isinstance(value, Mapping) or not set(value) <= set(_BASE_KEYS):
        expected = f"true, false or a mapping with the keys {', '.join(_BASE_KEYS)}"
        raise RobotError("robot.floating_base", value, expected)
    name = "robot.floating_base"
    pose = value.get("nominal_pose", FloatingBase.nominal_pose)
    if not isinstance(pose, list | tuple) or len(pose) != 7:
        raise RobotError(f"{name}.nominal_pose", pose, "x y z qx qy qz qw")
    pose = tuple(_finite(f"{name}.nominal_pose", number) for number in pose)
    norm = math.sqrt(sum(number * number for number in pose[3:]))
    if abs(norm - 1) > 1e-3:
        raise RobotError(f"{name}.nominal_pose", list(pose), "a quaternion of norm 1")
    pose = pose[:3] + tuple(number / norm for number in pose[3:])
    ranges = {key: _finite(f"{name}.{key}", value[key]) for key in _BASE_KEYS[1:] if key in value}
    for key, number in ranges.items():
        if number <= 0:
            raise RobotError(f"{name}.{key}", number, "a number above 0")
    return FloatingBase(nominal_pose=pose, **ranges)
