# SPDX-License-Identifier: Apache-2.0
"""Where a few pseudo-inverse steps towards a target lead, Eq. (26) to (29)."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.jacobian import damped_gram, residual_jacobian
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState, kinematic_state
from vi_ik_ros.sampling.experts.transforms.center_of_mass import CenterOfMass
from vi_ik_ros.sampling.experts.transforms.orientation import Orientation
from vi_ik_ros.sampling.experts.transforms.pose import Pose
from vi_ik_ros.sampling.experts.transforms.position import Position
from vi_ik_ros.sampling.experts.transforms.relative_position import RelativePosition
from vi_ik_ros.sampling.experts.transforms.transform import Transform

PROJECTED: dict[str, type[Transform]] = {
    "position": Position,
    "orientation": Orientation,
    "pose": Pose,
    "relative_position": RelativePosition,
    "center_of_mass": CenterOfMass,
}
STEPS, MOST_STEPS, DAMPING = 2, 100, 1e-5


@dataclass(frozen=True)
class Projection(Transform):
    """F(P_N(q)): the value of another transform after N steps q <- q + J^+ (target - F(q)).

    A narrow normal density about the target then accepts every configuration from which the steps
    arrive: a broad region, where the solutions themselves are a thin manifold. Samples are
    meant to be refined afterwards. The steps are differentiable and know no joint limits.

    Attributes:
        inner: F.
        target: the target, in wire form.
        steps: N.
        damping: added to the diagonal of J J^T, in squared units of the residual.
    """

    inner: Transform
    target: tuple[float, ...]
    steps: int = STEPS
    damping: float = DAMPING

    def __post_init__(self) -> None:
        """Present the value as the inner transform does."""
        for name in ("unit", "is_vector", "quaternion", "parts"):
            object.__setattr__(self, name, getattr(self.inner, name))

    def __call__(self, state: KinematicState) -> Tensor:
        """Return F(P_N(q)), (B, ...)."""
        return self.inner(kinematic_state(state.chain, self.project(state.chain, state.q)))

    def project(self, chain: Chain, q: Tensor) -> Tensor:
        """Return P_N(q), (B, nq) [rad, m], connected to q where gradients are wanted.

        Args:
            chain: kinematics with the frames of this transform.
            q: (B, nq) configurations.
        """
        connected = torch.is_grad_enabled() and q.requires_grad
        with torch.enable_grad():
            for _ in range(self.steps):
                if not connected:
                    q = q.detach().requires_grad_()
                q = self._step(chain, q, connected)
        return q if connected else q.detach()

    def _step(self, chain: Chain, q: Tensor, connected: bool) -> Tensor:
        """Take one step, Eq. (26)."""
        target = self.inner.from_wire(q.new_tensor(self.target))
        residual = self.inner.difference(self.inner(kinematic_state(chain, q)), target)  # (B, r)
        J = residual_jacobian(residual, q, create_graph=connected).double()  # (B, r, nq)
        gram = damped_gram(J, self.damping)
        weights, _ = torch.linalg.solve_ex(gram, residual.double()[..., None])
        return q - (J.mT @ weights).squeeze(-1).to(q.dtype)

    @classmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read `transform`, `target`, `steps` (2 by default) and `damping` (1e-5)."""
        fields.allow("type", "transform", "target", "steps", "damping")
        inner_fields = fields.child("transform")
        inner = PROJECTED[inner_fields.name("type", tuple(PROJECTED))].from_fields(
            inner_fields, robot
        )
        target = fields.numbers("target", inner.size, quaternion=inner.quaternion)
        if target is None:
            fields.fail("target", f"{inner.size} numbers, what the steps go to")
        steps = fields.integer("steps", STEPS)
        if not 1 <= steps <= MOST_STEPS:
            fields.fail("steps", f"a whole number from 1 to {MOST_STEPS}")
        damping = fields.positive("damping", 1)[0] if "damping" in fields.values else DAMPING
        return cls(inner, target, steps, damping)

    @property
    def task(self) -> Transform:
        """F itself: P_N moves nothing along the directions in which it has arrived."""
        return self.inner

    @property
    def frames(self) -> tuple[str, ...]:
        """Those of the inner transform."""
        return self.inner.frames

    @property
    def kind(self) -> str:
        """That of the inner transform."""
        return self.inner.kind

    @property
    def size(self) -> int:
        """That of the inner transform."""
        return self.inner.size

    @property
    def residual_size(self) -> int:
        """That of the inner transform."""
        return self.inner.residual_size

    @property
    def expressed_in(self) -> str | None:
        """That of the inner transform."""
        return self.inner.expressed_in

    def difference(self, value: Tensor, reference: Tensor) -> Tensor:
        """Return the inner transform's residual, (B, r)."""
        return self.inner.difference(value, reference)

    def retract(self, reference: Tensor, residual: Tensor) -> Tensor:
        """Return the value whose `difference` to the reference is the residual (B, r)."""
        return self.inner.retract(reference, residual)

    def from_wire(self, rows: Tensor) -> Tensor:
        """Turn written values into values, as the inner transform does."""
        return self.inner.from_wire(rows)

    def to_wire(self, value: Tensor) -> Tensor:
        """Turn values into their written form, as the inner transform does."""
        return self.inner.to_wire(value)

    def read_reference(self, fields: Fields, key: str) -> Tensor:
        """Read one value, by default the target."""
        reference = self.inner.read_reference(fields, key)
        if reference is None:
            return self.from_wire(torch.tensor(self.target, dtype=torch.float64))
        return reference
