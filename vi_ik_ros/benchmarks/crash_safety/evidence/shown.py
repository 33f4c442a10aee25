# SPDX-License-Identifier: Apache-2.0
"""Demonstrations: what was sent, what was acknowledged, and what is on the disk."""

import json
from pathlib import Path

import numpy as np

from vi_ik_ros.nodes.training.demonstrator import Acknowledged
from vi_ik_ros.sampling.store.trainer.trainer_database import read_rows

JOINTS = tuple(f"panda_joint{index}" for index in range(1, 8))
NUMBER = 2**18  # 43 minutes at 100 Hz
_ROWS = "SELECT stamp, joint_names, positions FROM demonstration ORDER BY id"


class Shown:
    """Configurations by number, and what became of them.

    Attributes:
        num_recorded: rows on the disk at the last check.
        num_lost: rows that were acknowledged or seen before, and are not there.
        num_different: rows that are not what was sent, or out of order.
    """

    def __init__(self, seed: int = 0) -> None:
        """Draw all of them."""
        rng = np.random.default_rng(seed)
        self._configurations = rng.uniform(-2.0, 2.0, (NUMBER, len(JOINTS)))
        self._known: set[int] = set()
        self.num_recorded = self.num_lost = self.num_different = 0

    def configuration(self, number: int) -> list[float]:
        """Return the configuration (7,) [rad] of message `number`."""
        return self._configurations[number % NUMBER].tolist()

    def check(self, path: Path, acknowledged: Acknowledged) -> None:
        """Compare the file of a trainer with what was sent and acknowledged.

        Args:
            path: the file.
            acknowledged: what was heard before it is read.

        Raises:
            InvalidInput: the file is damaged.
        """
        rows = read_rows(path, _ROWS)
        numbers = np.array([stamp for stamp, _, _ in rows], dtype=np.int64)
        due = self._known | ({acknowledged.last} if acknowledged.last else set())
        missing = len(due - set(numbers.tolist()))
        self.num_lost += max(missing, acknowledged.num_recorded - len(rows), 0)
        self.num_different += self._differing(numbers, rows)
        self._known, self.num_recorded = set(numbers.tolist()), len(rows)

    def _differing(self, numbers: np.ndarray, rows: list[tuple]) -> int:
        """Count the rows that are not what was sent, by their numbers (n,)."""
        names = json.dumps(JOINTS)
        sound = np.array([kept == names and len(q) == 8 * len(JOINTS) for _, kept, q in rows])
        if not sound.all():
            return int((~sound).sum())
        q = np.frombuffer(b"".join(row[2] for row in rows), "<f8").reshape(-1, len(JOINTS))
        wrong = (q != self._configurations[numbers % NUMBER]).any(axis=1)
        wrong[1:] |= np.diff(numbers) <= 0
        return int(wrong.sum())
