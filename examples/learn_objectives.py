# SPDX-License-Identifier: Apache-2.0
"""Learn a task from a few configurations of the Panda: `python examples/learn_objectives.py`.

Somebody holds the Panda's hand about a pose and its elbow about a height. We see configurations
only, and know which views of them matter: from these we find pose, height and spreads. With
--smoke there are fewer demonstrations, for tests.
"""

import sys

import numpy as np
import torch

from vi_ik_ros.benchmarks.learn_objectives.density_estimates import best_gaussian_mixture
from vi_ik_ros.benchmarks.learn_objectives.hidden_task import (
    FIELDS,
    HEIGHT,
    HEIGHT_STD,
    ORIENTATION_STD,
    POSE,
    POSITION_STD,
    hidden_density,
    open_document,
    task_errors,
)
from vi_ik_ros.sampling.training.objective_learning.learn_objectives import (
    LearnOptions,
    learn_objectives,
)


def main() -> int:
    """Draw demonstrations, learn from them, print what was found beside what was hidden."""
    torch.set_num_threads(1)
    num_demonstrations = 15 if "--smoke" in sys.argv else 40
    hidden = hidden_density()
    q = hidden.sample(num_demonstrations + 1000, seed=1)
    demonstrations, held_out = q[:num_demonstrations], q[num_demonstrations:]

    options = LearnOptions(holdout=0.0)
    report = learn_objectives(open_document(), demonstrations, FIELDS, options=options)

    print(f"{num_demonstrations} demonstrations, {report.seconds:.0f} s")
    true = {
        "hand.mean": list(POSE),
        "hand.std": {"position": POSITION_STD, "orientation": ORIENTATION_STD},
        "elbow.mean": [HEIGHT],
        "elbow.std": HEIGHT_STD,
    }
    for value in report.values:
        print(f"{value.name}: {value.value}")
        print(f"    hidden: {true[value.name]}, std. error: {np.round(value.stderr, 4).tolist()}")
    for metric, figure in task_errors(report.document).items():
        print(f"{metric}: {figure:.3g}")

    mixture = best_gaussian_mixture(demonstrations, np.random.default_rng(0))
    print("log-likelihood of a held-out configuration [nat]:")
    for name, density in (("learned", report.density), ("hidden task", hidden)):
        estimate = density.mean_log_prob(held_out)
        print(f"    {name}: {estimate.value:.2f} +- {estimate.stderr:.2f}")
    log_prob = mixture.log_prob(held_out)
    error = log_prob.std() / np.sqrt(len(log_prob))
    print(f"    Gaussian mixture, same data: {log_prob.mean():.2f} +- {error:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
