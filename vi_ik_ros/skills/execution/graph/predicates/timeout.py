# SPDX-License-Identifier: Apache-2.0
"""Time is up."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import Predicate
from vi_ik_ros.skills.execution.observation import Observation
from vi_ik_ros.skills.plants.scene.reading import Within


@dataclass(frozen=True)
class Timeout(Predicate):
    """The primitive has been active for long enough.

    Attributes:
        after: since it was entered [s].
    """

    kind: ClassVar[str] = "timeout"
    unit: ClassVar[str] = "s"
    limit_field: ClassVar[str] = "after"

    after: Annotated[float, Within(1e-3, 600.0, "s")]

    def margin(self, observation: Observation) -> float:
        """Return how long it has been over [s]."""
        return observation.elapsed - self.after
