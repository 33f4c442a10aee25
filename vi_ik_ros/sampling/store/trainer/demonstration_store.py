# SPDX-License-Identifier: Apache-2.0
"""Configurations that somebody showed: each distinct one is kept on the disk, in order."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.store.trainer.configuration_columns import ConfigurationColumns
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase, damaged, read_rows

MAX_JOINTS = 256
MAX_NAME = 256  # characters

_ALL_ROWS = "SELECT id, joint_names, positions FROM demonstration ORDER BY id"

Groups = dict[tuple[str, ...], ConfigurationColumns]  # by the sorted joint names


class Verdict(Enum):
    """What became of a configuration."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True)
class Recorded:
    """What became of a configuration, and if it was refused, why, in one line."""

    verdict: Verdict
    reason: str = ""


class DemonstrationStore:
    """The demonstrations of a trainer: distinct, bounded, and never lost once acknowledged.

    A copy in memory finds duplicates and answers readers; the file is read once. Robots are not
    known here: any set of joint names is taken, and angles are compared as they come.
    """

    def __init__(
        self, database: TrainerDatabase, *, distance: float = 0.02, capacity: int = 10_000
    ) -> None:
        """Read what is recorded.

        Args:
            database: where the rows lie.
            distance: a configuration nearer than this to a recorded one, by the largest joint
                difference [rad or m], is a duplicate; 0: none is.
            capacity: largest number of rows. A file that holds more keeps them.

        Raises:
            InvalidInput: An argument is out of range, or a row is damaged.
        """
        if not 0.0 <= distance < math.inf:
            raise InvalidInput("demonstration_distance", distance, "a number of 0 or more [rad]")
        if capacity < 1:
            raise InvalidInput("max_demonstrations", capacity, "a number above 0")
        self._database, self._distance, self._capacity = database, distance, capacity
        self._groups = _grouped(database.read(_ALL_ROWS), database.path)

    @property
    def count(self) -> int:
        """The configurations on the disk."""
        return sum(len(group) for group in self._groups.values())

    def record(
        self, stamp_ns: int, joint_names: Sequence[str], positions: Sequence[float]
    ) -> Recorded:
        """Keep a configuration unless it is a duplicate; it is on the disk when this returns.

        Args:
            stamp_ns: when it was measured [ns].
            joint_names: (n,) in any order.
            positions: (n,) [rad or m].
        """
        try:
            return self._record(stamp_ns, joint_names, positions)
        except InvalidInput as refusal:
            return Recorded(Verdict.REFUSED, str(refusal))

    def configurations(
        self, joint_names: Sequence[str], num_latest: int | None = None
    ) -> np.ndarray:
        """Return the demonstrations of a robot, oldest first.

        Args:
            joint_names: (nq,) the robot's. Rows with further joints, such as those of a gripper,
                count as well; rows that lack one do not.
            num_latest: the newest so many; None: all.

        Returns:
            (N, nq) [rad or m], in the order of `joint_names`; N may be 0.
        """
        q = _of_robot(self._groups, joint_names)
        return q if num_latest is None else q[max(len(q) - num_latest, 0) :]

    def clear(self) -> int:
        """Forget all demonstrations; return how many they were.

        Raises:
            InvalidInput: The disk does not take it; then all of them are still there.
        """
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM demonstration")
        count = self.count
        self._groups = {}
        return count

    def _record(
        self, stamp_ns: int, joint_names: Sequence[str], positions: Sequence[float]
    ) -> Recorded:
        names, order = _sorted_names(tuple(joint_names))
        q = _checked_positions(positions, joint_names)[order]
        group = self._groups.get(names)
        if group is not None and group.has_near(q, self._distance):
            return Recorded(Verdict.DUPLICATE)
        if self.count >= self._capacity:
            expected = f"at most max_demonstrations = {self._capacity}; raise it, or clear them"
            raise InvalidInput("demonstrations", f"one after {self.count}", expected)
        row = (stamp_ns, json.dumps(names), q.astype("<f8").tobytes())
        with self._database.transaction() as connection:
            place = "INSERT INTO demonstration (stamp, joint_names, positions) VALUES (?, ?, ?)"
            identifier = connection.execute(place, row).lastrowid
        group = self._groups.setdefault(names, ConfigurationColumns(len(names)))
        group.append(int(identifier or 0), q)
        return Recorded(Verdict.RECORDED)


def read_demonstrations(path: Path, joint_names: Sequence[str]) -> np.ndarray:
    """Read the demonstrations of a robot from the file of a trainer, which may run or not.

    Args:
        path: the file.
        joint_names: (nq,) the robot's.

    Returns:
        (N, nq) [rad or m] as `DemonstrationStore.configurations` does.

    Raises:
        InvalidInput: The file is missing, damaged, foreign or newer.
    """
    return _of_robot(_grouped(read_rows(path, _ALL_ROWS), path), joint_names)


def _of_robot(groups: Groups, joint_names: Sequence[str]) -> np.ndarray:
    """Return the rows (N, nq) that have all joints of a robot, oldest first."""
    wanted = set(joint_names)
    fitting = [(names, group) for names, group in groups.items() if wanted <= set(names)]
    if not fitting:
        return np.empty((0, len(joint_names)))
    columns = [[names.index(name) for name in joint_names] for names, _ in fitting]
    q = np.concatenate([g.rows()[:, c] for (_, g), c in zip(fitting, columns, strict=True)])
    return q[np.argsort(np.concatenate([group.ids for _, group in fitting]))]


def _grouped(rows: Iterable[tuple], path: Path) -> Groups:
    """Sort rows (id, joint names, positions) by their joints."""
    groups: dict[str, ConfigurationColumns] = {}
    for identifier, names, positions in rows:
        try:
            if names not in groups:
                groups[names] = ConfigurationColumns(len(json.loads(names)))
            groups[names].append(identifier, np.frombuffer(positions, "<f8"))
        except (TypeError, ValueError):
            raise damaged(path, f"demonstration {identifier} is damaged") from None
    return {tuple(json.loads(names)): group for names, group in groups.items()}


@lru_cache(maxsize=64)
def _sorted_names(joint_names: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names in order, and where each stood (n,); refuse what names no joints."""
    if not 1 <= len(joint_names) <= MAX_JOINTS:
        raise InvalidInput("name", f"{len(joint_names)} joints", f"1 to {MAX_JOINTS}")
    for name in joint_names:
        if not 1 <= len(name) <= MAX_NAME:
            raise InvalidInput("name", name, f"names of 1 to {MAX_NAME} characters")
        if joint_names.count(name) > 1:
            raise InvalidInput("name", f"{name} twice", "each joint once")
    order = sorted(range(len(joint_names)), key=joint_names.__getitem__)
    return tuple(joint_names[place] for place in order), np.array(order)


def _checked_positions(positions: Sequence[float], joint_names: Sequence[str]) -> np.ndarray:
    """Return finite positions (n,) [rad or m], one for each name."""
    q = np.asarray(positions, dtype=np.float64)
    if q.shape != (len(joint_names),):
        raise InvalidInput("position", f"{len(q)} numbers", f"{len(joint_names)}, one a name")
    finite = np.isfinite(q)
    if not finite.all():
        bad = int(np.argmin(finite))
        raise InvalidInput(f"position of {joint_names[bad]}", float(q[bad]), "a finite number")
    return q
