# SPDX-License-Identifier: Apache-2.0
"""Networks that go on from a stored model, for more training or for another target."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.experts.context_entry import ContextEntry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.store.document import Robot
from vi_ik_ros.sampling.store.model_store import ModelStore


def started_network(start: str, robot: Robot, entries: Sequence[ContextEntry]) -> AmortizedNetwork:
    """Return a network of a stored model's architecture, with its weights.

    Args:
        start: the model's name in the store, or its directory.
        robot: that the model must have been made for.
        entries: of the contexts, which must be those of the model in kind and size.

    Raises:
        ModelNotFound, ModelRefused: there is no such model, or not for this robot.
        InvalidInput: it is of another family, or has other contexts.
    """
    model = ModelStore().load(Path(start) if "/" in start else start, robot).model
    if not isinstance(model, AmortizedMixture):
        raise InvalidInput("start", f"{start} of the family {model.family}", "an amortized model")
    options = model.architecture
    wanted = tuple((entry.kind, entry.size) for entry in entries)
    if options.entries != wanted:
        raise InvalidInput("start", f"{start} with contexts {options.entries}", f"{wanted}")
    network = AmortizedNetwork(options)
    weights = model.tensors().items()
    network.load_state_dict({k: torch.from_numpy(v.astype(np.float32)) for k, v in weights})
    return network
