# SPDX-License-Identifier: Apache-2.0
"""The optimisers as they are, and every ablation by its name."""

from vi_ik_ros.benchmarks.skill_learning.runs.variant import Variant
from vi_ik_ros.skills.learning.methods import DEFAULT_METHOD

GRAPH = DEFAULT_METHOD  # the method that most ablations are of
SAFE = "safe_point"  # a variant that is of every method
FOUR = "four_initial"  # another one: what rivals do best with
WARM = "warm_start"  # the variant that is of the tasks with another stiffness
SEARCH_GAIN = ("search", "force_gain")
CORRECTION_GAIN = ("correction", "force_gain")
CHECK = {"structure_check": True}
ARTIFICIAL = {"failed_metrics": "artificial"}
ESTIMATED = {**ARTIFICIAL, "threshold": "estimated", "artificial_least": 0.1}
OF_ALL = (SAFE, FOUR)
VARIANTS: dict[str, Variant] = {
    "": Variant(method=""),
    SAFE: Variant(method="", starts_safe=True),
    FOUR: Variant({"num_initial": 4}, method=""),
    WARM: Variant(starts_warm=True),
    "checked": Variant(CHECK),
    "no_search_gain": Variant(missing_edge=SEARCH_GAIN),
    "no_search_gain_checked": Variant(CHECK, missing_edge=SEARCH_GAIN),
    "no_correction_gain": Variant(missing_edge=CORRECTION_GAIN),
    "no_correction_gain_checked": Variant(CHECK, missing_edge=CORRECTION_GAIN),
    "every_edge": Variant(has_every_edge=True),  # the same metrics without the structure
    "metrics_hidden": Variant(ARTIFICIAL, hides_metrics=True),
    "thresholds_estimated": Variant(ESTIMATED, hides_metrics=True),
    "never_rehearsed": Variant({"rehearse_every": 0}),
    "bold": Variant({"caution": 0.0}),
    "bounds_as_good": Variant({"surroundings": 0.0}),
    "eic_surroundings": Variant({"surroundings": 0.25}, method="eic"),
    "acquisition_per_primitive": Variant({"acquisition": "per_primitive"}),
    "acquisition_sequential": Variant({"acquisition": "sequential"}),
    "unreached_same_cause": Variant({"assign_unreached": "same_cause"}),
    "unreached_all": Variant({"assign_unreached": "all"}),
    "positive_prior_mean": Variant({"positive_prior_mean": 1.0}),
    "latent_probability": Variant({"observation_noise": False}),
    "product_of_experts": Variant(asks_expert=True),
    "eic_label": Variant({"constraint": "label"}, method="eic"),
}
ABLATIONS = tuple(name for name in VARIANTS if name not in ("", *OF_ALL, WARM))
