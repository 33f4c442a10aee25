# SPDX-License-Identifier: Apache-2.0
"""Postures kept to draw training pairs from, and on disk for the next run."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.training.postures import solved_postures
from vi_ik_ros.sampling.training.postures.fixed_tasks import FixedTasks
from vi_ik_ros.sampling.warm_start import whole_body

NUM_POSTURES = 50_000  # a minute of one core for a humanoid
PART_HELD_OUT = 0.04  # that no update sees


@dataclass(frozen=True)
class PosturePool:
    """Postures that meet what a product fixes.

    Attributes:
        postures: (n, D), the held-out ones last.
        num_held_out: how many these are.
    """

    postures: Tensor
    num_held_out: int

    @classmethod
    def of(cls, product: ProductOfExperts, like: Tensor, seed: int = 0) -> Self | None:
        """Solve postures, or read those that were solved from the same before.

        Args:
            product: the objectives.
            like: has the dtype and device of the pairs to come.
            seed: of the postures.

        Returns:
            None where the product fixes nothing that can be solved for.

        Raises:
            ObjectiveError: hardly any start leads to a posture.
        """
        tasks = FixedTasks.of(product)
        if tasks is None:
            return None
        path = cache_directory() / f"{_key(product, tasks, seed)}.npy"
        if path.exists():
            postures = np.load(path, allow_pickle=False)
        else:
            postures = solved_postures.solve_postures(product, tasks, NUM_POSTURES, seed)
            _keep(path, postures)
        return cls(torch.from_numpy(postures).to(like), int(PART_HELD_OUT * len(postures)))

    def draw(self, num_rows: int, generator: torch.Generator, *, held_out: bool) -> Tensor:
        """Return postures (n, D), with repetitions."""
        n = len(self.postures)
        low, high = (n - self.num_held_out, n) if held_out else (0, n - self.num_held_out)
        rows = torch.randint(low, high, (num_rows,), generator=generator)
        return self.postures[rows.to(self.postures.device)]


def cache_directory() -> Path:
    """Return where postures are kept: `$XDG_CACHE_HOME/vi_ik_ros/postures`."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "vi_ik_ros" / "postures"


def _key(product: ProductOfExperts, tasks: FixedTasks, seed: int) -> str:
    """Return the digest of everything that decides the postures."""
    body = tasks.body
    digest = hashlib.sha256(product.chain.robot.digest.encode())
    digest.update(repr([seed, NUM_POSTURES, solved_postures.avoids(product)]).encode())
    for array in (tasks.targets, tasks.std, body.coordinates, body.bodies, body.frames):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(body.half_planes.tobytes())
    folders = (Path(str(whole_body.__file__)).parent, Path(__file__).parent)
    for file in sorted(file for folder in folders for file in folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _keep(path: Path, postures: np.ndarray) -> None:
    """Write postures, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.npy")
    np.save(fresh, postures, allow_pickle=False)
    os.replace(fresh, path)
