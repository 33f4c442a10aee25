# SPDX-License-Identifier: Apache-2.0
"""Fill a database of configurations: pairs are drawn until there are enough."""

from collections.abc import Mapping

import numpy as np
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.models.kd_tree import KdTree, KdTreeOptions
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.runs.run import Fitted
from vi_ik_ros.sampling.training.scores import score
from vi_ik_ros.sampling.training.settings import FitSettings

NUM_ROWS = 100_000  # unless told
ROWS_PER_UPDATE = 5_000
NUM_STORED_CONTEXTS = 10_000  # training contexts kept with a model, to tell what is unlike them


class KdTreeRun:
    """See `Run`; `num_components` of the settings is the number of rows."""

    family = KdTree.family
    num_components = 1

    def __init__(self, objectives: Objectives, settings: FitSettings) -> None:
        """Begin an empty database.

        Raises:
            ObjectiveError: nothing is left open for a context.
        """
        product = objectives.product
        if not product.context_entries:
            raise ObjectiveError("context", "no entry", f"one or more for the family {self.family}")
        self._objectives, self._settings = objectives, settings
        self._pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
        self._generator = torch.Generator().manual_seed(settings.seed)
        self._num_rows = settings.num_components or NUM_ROWS
        if settings.steps:
            self._num_rows = min(self._num_rows, settings.steps * ROWS_PER_UPDATE)
        size, width = self._num_rows, sum(entry.size for entry in product.context_entries)
        self._q = torch.zeros(size, product.num_dims, dtype=torch.float16)
        self._contexts = torch.zeros(size, width, dtype=torch.float16)
        self._filled = 0
        self.step = 0

    def fraction(self, seconds: float) -> float:
        """See `Run.fraction`; a time limit leaves at least one update's rows."""
        by_time = seconds / self._settings.time_limit if self._filled else 0.0
        return min(1.0, max(self._filled / self._num_rows, by_time))

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`."""
        rows = min(ROWS_PER_UPDATE, self._num_rows - self._filled)
        contexts, x = self._pairs.draw(rows, self._generator)
        place = slice(self._filled, self._filled + rows)
        self._q[place], self._contexts[place] = x.cpu(), contexts.cpu()
        self._filled += rows
        self.step += 1
        return {"rows": float(self._filled)}

    def checkpoint(self) -> Checkpoint:
        """See `Run.checkpoint`."""
        tensors = {"q": self._q[: self._filled], "contexts": self._contexts[: self._filled]}
        tensors["generator"] = self._generator.get_state()
        return Checkpoint(tensors, {"step": self.step})

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        self._filled = len(checkpoint.tensors["q"])
        self._q[: self._filled] = checkpoint.tensors["q"]
        self._contexts[: self._filled] = checkpoint.tensors["contexts"]
        self._generator.set_state(checkpoint.tensors["generator"])
        self.step = int(str(checkpoint.facts["step"]))

    def result(self) -> Fitted:
        """See `Run.result`."""
        robot, product = self._objectives.robot, self._objectives.product
        options = KdTreeOptions(
            entries=tuple((entry.kind, entry.size) for entry in product.context_entries),
            lower=tuple(float(bound) for bound in robot.lower),
            upper=tuple(float(bound) for bound in robot.upper),
            num_rows=self._filled,
        )
        tensors = {"q": self._q, "contexts": self._contexts}
        model = KdTree(options, {k: v[: self._filled].numpy() for k, v in tensors.items()})
        contexts, _ = self._pairs.draw(NUM_STORED_CONTEXTS, torch.Generator().manual_seed(1))
        return Fitted(model, score(model, self._pairs), contexts.cpu().numpy().astype(np.float32))
