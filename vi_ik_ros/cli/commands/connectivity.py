# SPDX-License-Identifier: Apache-2.0
"""`vi-ik connectivity`: which components of a mixture have mass in common, Eq. (21)."""

import argparse
from typing import TYPE_CHECKING

import numpy as np

from vi_ik_ros.cli.output import emit
from vi_ik_ros.cli.paths import store_directory

if TYPE_CHECKING:
    from rich.table import Table

    from vi_ik_ros.sampling.models.mixture_algebra import OverlapGraph

EXAMPLE = "vi-ik connectivity on_line --threshold 0.05"
NEIGHBOURS_SHOWN = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik connectivity`."""
    parser.add_argument(
        "model", metavar="MODEL", help="Gaussian mixture: name in the store, or directory"
    )
    parser.add_argument(
        "--threshold", type=float, default=0.01, metavar="S",
        help="similarity a_kl / sqrt(a_kk a_ll), above 0 and at most 1, from which two components "
        "are connected (default 0.01: equal Gaussians 4.3 standard deviations apart)",
    )  # fmt: skip
    parser.add_argument(
        "--store",
        metavar="DIR",
        type=store_directory,
        help="default: $XDG_DATA_HOME/vi_ik_ros/models",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print components, edges and connected groups."""
    from vi_ik_ros.sampling.models.mixture_algebra import overlap_graph
    from vi_ik_ros.sampling.store.model_store import ModelStore

    model = ModelStore(arguments.store).load(arguments.model).model
    graph = overlap_graph(model, threshold=arguments.threshold)
    edges = [
        {
            "components": pair,
            "similarity": graph.similarity[tuple(pair)],
            "log_overlap": graph.log_overlap[tuple(pair)],
        }
        for pair in graph.edges()
    ]
    data = {
        "model": arguments.model,
        "threshold": graph.threshold,
        "num_groups": len(graph.group_weights),
        "group_weights": graph.group_weights,
        "weights": graph.weights,
        "groups": graph.groups,
        "edges": edges,
        "log_overlap": graph.log_overlap,
    }
    emit(arguments.json, data, _table(graph))
    return 0


def _table(graph: "OverlapGraph") -> "Table":
    """Return a row for each component, group after group, heaviest first."""
    from rich.table import Table

    counts = (len(graph.weights), len(graph.edges()), len(graph.group_weights))
    words = ("component", "edge", "connected group")
    named = [f"{n} {word}{'s' * (n != 1)}" for n, word in zip(counts, words, strict=True)]
    title = f"{', '.join(named)} at similarity {graph.threshold:g}"
    table = Table("group", "weight of group", "component", "weight", "connected to", title=title)
    order = np.lexsort((-graph.weights, graph.groups))
    for place, k in enumerate(order):
        group = graph.groups[k]
        is_first = place == 0 or group != graph.groups[order[place - 1]]
        table.add_row(
            str(group) if is_first else "",
            f"{graph.group_weights[group]:.4f}" if is_first else "",
            str(k),
            f"{graph.weights[k]:.4f}",
            _neighbours(graph, k),
        )
    return table


def _neighbours(graph: "OverlapGraph", k: int) -> str:
    """Name the components most similar to one, each with its similarity."""
    similarity = np.where(np.arange(len(graph.groups)) == k, 0.0, graph.similarity[k])
    near = np.argsort(-similarity, kind="stable")[: int((similarity >= graph.threshold).sum())]
    shown = [f"{other} ({similarity[other]:.2f})" for other in near[:NEIGHBOURS_SHOWN]]
    more = [f"and {len(near) - len(shown)} more"] * (len(near) > len(shown))
    return ", ".join(shown + more) or "none"
