# SPDX-License-Identifier: Apache-2.0
"""One sampler for several tabs."""

import threading
from collections.abc import Sequence

from vi_ik_ros.sampling.store.curves.training_curve import TrainingCurve
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.viewer.page.sample.sampler import SampledModel, Sampler


class SharedSampler:
    """Lets one thread at a time ask a sampler."""

    def __init__(self, sampler: Sampler) -> None:
        """Keep the sampler."""
        self._sampler, self._lock = sampler, threading.Lock()
        self.title = sampler.title

    def model_names(self) -> Sequence[str]:
        """See `Sampler.model_names`."""
        with self._lock:
            return self._sampler.model_names()

    def model(self, name: str) -> SampledModel:
        """See `Sampler.model`."""
        with self._lock:
            return self._sampler.model(name)

    def curve(self, name: str) -> TrainingCurve | None:
        """See `Sampler.curve`."""
        with self._lock:
            return self._sampler.curve(name)

    def sample(self, name: str, request: SampleRequest) -> SampleAnswer:
        """See `Sampler.sample`."""
        with self._lock:
            return self._sampler.sample(name, request)
