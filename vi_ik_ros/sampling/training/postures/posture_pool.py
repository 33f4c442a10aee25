# SPDX-License-Identifier: Apache-2.0
"""Postures kept to draw training pairs from, and on disk for the next run."""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.training.postures.fixed_tasks import FixedTasks
from vi_ik_ros.sampling.warm_start import whole_body

NUM_POSTURES = 300_000  # four minutes of one core for a humanoid; fewer are learned by heart
PART_HELD_OUT = 0.04  # that no update sees
CHUNK = 4096  # postures weighed at once


@dataclass(frozen=True)
class PosturePool:
    """Postures that meet what a product fixes, weighed by what else it prefers.

    Attributes:
        postures: (n, D), the held-out ones last.
        num_held_out: how many these are.
        weights: (n,), the densities of the experts that no posture was solved for, at most 1.
    """

    postures: Tensor
    num_held_out: int
    weights: Tensor

    @classmethod
    def of(
        cls,
        product: ProductOfExperts,
        like: Tensor,
        seed: int = 0,
        num_postures: int | None = None,
    ) -> Self | None:
        """Solve postures, or read those that were solved from the same before.

        Args:
            product: the objectives.
            like: has the dtype and device of the pairs to come.
            seed: of the postures.
            num_postures: how many; None: as many as a training needs.

        Returns:
            None where the product fixes nothing that can be solved for.

        Raises:
            ObjectiveError: hardly any start leads to a posture.
        """
        tasks = FixedTasks.of(product)
        if tasks is None:
            return None
        from vi_ik_ros.sampling.training.postures import solved_postures  # loads the refiner

        count = num_postures or NUM_POSTURES
        path = cache_directory() / f"{_key(product, tasks, seed, count)}.npy"
        if path.exists():
            postures = np.load(path, allow_pickle=False)
        else:
            postures = solved_postures.solve_postures(product, tasks, count, seed)
            _keep(path, postures)
        rows = torch.from_numpy(postures).to(like)
        return cls(rows, int(PART_HELD_OUT * len(rows)), _weights(product, rows))

    def draw(self, num_rows: int, generator: torch.Generator, *, held_out: bool) -> Tensor:
        """Return postures (n, D) as often as their weights say, with repetitions."""
        n = len(self.postures)
        low, high = (n - self.num_held_out, n) if held_out else (0, n - self.num_held_out)
        edges = self._edges[low:high] - (self._edges[low - 1] if low else 0.0)
        uniform = torch.rand(num_rows, generator=generator, dtype=edges.dtype).to(edges.device)
        rows = torch.searchsorted(edges, uniform * edges[-1], right=True).clamp_max(high - low - 1)
        return self.postures[low + rows]

    @cached_property
    def _edges(self) -> Tensor:
        return self.weights.double().cumsum(0)


def _weights(product: ProductOfExperts, postures: Tensor) -> Tensor:
    """Return how well postures (n, D) suit the inequalities of a product, (n,), at most 1."""
    names = {e.name for e in product.experts if e.priority == 0 and not e.density.is_equality}
    names -= {entry.objective for entry in product.context_entries}
    parts = []
    with torch.no_grad():
        for rows in postures.split(CHUNK):
            state = product.state(rows)
            terms = [e.log_density(state) for e in product.experts if e.name in names]
            parts.append(sum(terms, rows.new_zeros(len(rows))))
    log_weights = torch.cat(parts)
    return (log_weights - log_weights.max()).exp()


def cache_directory() -> Path:
    """Return where postures are kept: `$XDG_CACHE_HOME/vi_ik_ros/postures`."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "vi_ik_ros" / "postures"


def _key(product: ProductOfExperts, tasks: FixedTasks, seed: int, num_postures: int) -> str:
    """Return the digest of everything that decides the postures."""
    from vi_ik_ros.sampling.training.postures import solved_postures

    body = tasks.body
    digest = hashlib.sha256(product.chain.robot.digest.encode())
    digest.update(repr([seed, num_postures, solved_postures.avoids(product)]).encode())
    given = (tasks.targets, tasks.std, tasks.spread, body.half_planes)
    for array in (*given, body.coordinates, body.bodies, body.frames):
        digest.update((array.round(6) + 0.0).tobytes())  # alike for float32 objectives and -0
    folders = (Path(str(whole_body.__file__)).parent, Path(__file__).parent)
    files = sorted(file for folder in folders for file in folder.glob("*.py"))
    for file in files:
        if file != Path(__file__):  # it keeps and weighs them
            digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _keep(path: Path, postures: np.ndarray) -> None:
    """Write postures, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.npy")
    np.save(fresh, postures, allow_pickle=False)
    os.replace(fresh, path)
