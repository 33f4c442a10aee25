# SPDX-License-Identifier: Apache-2.0
"""A model of what two stored models have in common, ready to be stored itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.models.mixture_algebra import MixtureProduct, product
from vi_ik_ros.sampling.store.model_reader import StoredModel

TRIAL_ROWS = 1_000  # drawn to see how much of a product lies inside the joint limits
FAR = 6.0  # [standard deviations] beyond what agreeing factors would show


@dataclass(frozen=True)
class Intersection:
    """The product of two stored Gaussian mixtures, and what to know about it.

    Attributes:
        product: the mixture with its mass, its distance and what was dropped.
        document: what `ModelStore.write` has to be told.
        shared: names, in the first model, of the objectives that both models were fitted to.
        redraw_rate: share 0..1 of draws that lie outside the joint limits.
    """

    product: MixtureProduct
    document: dict[str, object]
    shared: tuple[str, ...]
    redraw_rate: float

    @property
    def mixture(self) -> GaussianMixture:
        """The product itself."""
        return self.product.mixture

    def remarks(self) -> tuple[str, ...]:
        """Return what a user should read, a line each; nothing if all is well."""
        lines = []
        if self.shared:
            lines.append(
                f"both models were fitted to {', '.join(self.shared)}: "
                "in the product these objectives count twice"
            )
        if self.product.distance > np.sqrt(self.mixture.num_dims) + FAR:
            lines.append(
                "the models contradict each other: their nearest components lie "
                f"{self.product.distance:.0f} standard deviations apart"
            )
        if self.redraw_rate > 0.5:
            lines.append(f"{self.redraw_rate:.0%} of the product lies outside the joint limits")
        return tuple(lines)


def intersect(
    first: StoredModel, second: StoredModel, *, max_components: int | None = None
) -> Intersection:
    """Multiply two stored Gaussian mixtures over the same joints.

    Raises:
        InvalidInput: A model is of another family, they do not belong together, or their product
            has hardly any mass inside the joint limits.
    """
    names = (f"model {first.name}", f"model {second.name}")
    ours, theirs = (list(m.document["robot"]["joint_names"]) for m in (first, second))
    if ours != theirs:
        expected = f"{', '.join(ours)} as {names[0]}"
        raise InvalidInput(names[1], f"joints {', '.join(theirs)}", expected)
    result = product(first.model, second.model, max_components=max_components, names=names)
    try:
        rng = np.random.default_rng(0)
        redrawn = result.mixture.sample(np.empty((1, 0)), TRIAL_ROWS, [rng]).redrawn
    except ModelRefused as error:
        expected = "models that have configurations within the joint limits in common"
        got = f"a product with {error.value} the joint limits"
        raise InvalidInput(f"{names[0]} and {names[1]}", got, expected) from None
    return Intersection(
        product=result,
        document=_document(first, second, result),
        shared=tuple(name for name, _ in _shared(first.document, second.document)),
        redraw_rate=redrawn / (redrawn + TRIAL_ROWS),
    )


def _document(first: StoredModel, second: StoredModel, result: MixtureProduct) -> dict[str, object]:
    """Describe the product for `model.json`."""
    parents = [{"name": model.name, "digest": model.digest} for model in (first, second)]
    return {
        "robot": dict(first.document["robot"]),
        "context": [],
        "objectives": _objectives(first.document["objectives"], second.document["objectives"]),
        "training": {"date": datetime.now(UTC).date().isoformat(), "product_of": parents},
        "scores": {"log_mass": result.log_mass},
        "versions": {"numpy": np.__version__},
        "bound": bool(first.document["bound"] and second.document["bound"]),
    }


def _objectives(first: Mapping, second: Mapping) -> dict[str, object]:
    """Return the objectives of both as one mapping; a name of both gets a number in the second."""
    if not first or not second:
        return {}
    objectives = [dict(objective) for objective in first.get("objectives", [])]
    taken = {objective["name"] for objective in objectives}
    for objective in second.get("objectives", []):
        name, number = objective["name"], 2
        while name in taken:
            name, number = f"{objective['name']}_{number}", number + 1
        taken.add(name)
        objectives.append({**objective, "name": name})
    return {**first, "objectives": objectives}


def _shared(first: Mapping, second: Mapping) -> list[tuple[str, str]]:
    """Return the names, in both models, of objectives that are the same but for their names."""
    ours, theirs = (m["objectives"].get("objectives", []) for m in (first, second))
    return [
        (one["name"], other["name"])
        for one in ours
        for other in theirs
        if _nameless(one) == _nameless(other)
    ]


def _nameless(objective: Mapping) -> dict[str, object]:
    """Return an objective without its name."""
    return {key: value for key, value in objective.items() if key != "name"}
