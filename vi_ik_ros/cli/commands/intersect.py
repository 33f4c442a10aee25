# SPDX-License-Identifier: Apache-2.0
"""`vi-ik intersect`: the product of two mixtures, as a model of its own."""

import argparse
import shlex
from pathlib import Path

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.paths import store_directory

EXAMPLE = "vi-ik intersect on_line left_side --out ~/my_models/left_on_line --components 50"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik intersect`."""
    for name in "AB":
        parser.add_argument(
            name.lower(), metavar=name, help="Gaussian mixture: name in the store, or directory"
        )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True,
        help="directory of the product; its last part is the model's name",
    )  # fmt: skip
    parser.add_argument(
        "--components", type=int, metavar="K",
        help="keep the K heaviest components (default: all but one millionth of the weight)",
    )  # fmt: skip
    parser.add_argument(
        "--store",
        metavar="DIR",
        type=store_directory,
        help="default: $XDG_DATA_HOME/vi_ik_ros/models",
    )


def run(arguments: argparse.Namespace) -> int:
    """Multiply the models, write the product, say what is special about it."""
    from rich.table import Table

    from vi_ik_ros.sampling.store.intersection import intersect
    from vi_ik_ros.sampling.store.model_store import ModelStore

    store = ModelStore(arguments.store)
    models = store.load(arguments.a), store.load(arguments.b)
    result = intersect(*models, max_components=arguments.components)
    document = result.document
    document["training"] = {**document["training"], "command": _command(arguments)}  # type: ignore[dict-item]
    directory = arguments.out.expanduser().resolve()
    digest = store.write(directory, result.mixture, document)
    for line in result.remarks():
        say(f"remark: {line}")
    numbers = {
        "num_components": result.mixture.num_components,
        "dropped": result.product.dropped,
        "log_mass": result.product.log_mass,
        "distance": result.product.distance,
        "redraw_rate": result.redraw_rate,
    }
    table = Table(
        "K", "weight dropped", "log mass [nat]", "distance [std]", "redrawn", title=str(directory)
    )
    cells = [f"{value:.3g}" for value in list(numbers.values())[1:]]
    table.add_row(str(result.mixture.num_components), *cells)
    data = {"out": str(directory), "digest": digest, **numbers}
    data |= {"shared_objectives": result.shared, "remarks": result.remarks()}
    emit(arguments.json, data, table)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return the command line that makes the model again."""
    words = ["vi-ik", "intersect", arguments.a, arguments.b, "--out", str(arguments.out)]
    if arguments.components is not None:
        words += ["--components", str(arguments.components)]
    return shlex.join(words)
