# SPDX-License-Identifier: Apache-2.0
"""One picture a file: `draw(directory, quick=, on_progress=)` fits what it shows, and writes it."""

import importlib
from collections.abc import Callable
from pathlib import Path

FOLDERS: dict[str, dict[str, str]] = {  # folder -> name of the picture -> what it shows
    "planar": {
        "planar-line": "the density of a planar arm on a line, banana and Gaussian components",
        "planar-projection": "where two pseudo-inverse steps lead onto the line",
        "planar-connectivity": "overlap graphs of mixtures",
        "planar-hierarchy": "optional tasks that exclude each other, and their masses",
        "planar-inverse": "all that an arm of ten joints can do to reach a point, by two networks",
        "gmm-ik": "a joint mixture that expectation maximisation fits, and what it answers",
        "bimanual": "two hands and two targets, with and without priorities",
    },
    "robots": {
        "panda-position": "Pandas with a fingertip at a point, ten Gaussians and one",
        "panda-training": "errors of the Panda's draws over the time of training",
        "talos": "humanoids on both feet: a mixture, HMC, and a hand that may be given up",
    },
    "skills": {
        "skill-graph": "a contact skill as a graph of primitives, and its factors",
        "skill-boundaries": "shares of success of screw insertion over its three parameters",
        "skill-learning": "a contact skill learned by every method: regret, successes, parameters",
        "skill-success": "what the factor graph has learned of success, beside the truth",
    },
}
FIGURES: dict[str, str] = {name: said for names in FOLDERS.values() for name, said in names.items()}


def draw(
    name: str,
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Draw one of `FIGURES`; return the files.

    Args:
        name: of the picture.
        directory: where they go.
        quick: small and rough, in seconds.
        on_progress: called with a line about what comes next.
    """
    folder = next(folder for folder, names in FOLDERS.items() if name in names)
    module = importlib.import_module(f"{__name__}.{folder}.{name.replace('-', '_')}")
    return module.draw(directory, quick=quick, on_progress=on_progress)
