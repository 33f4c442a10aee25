# SPDX-License-Identifier: Apache-2.0
"""`vi-ik models`: what the model store holds, and how a model was trained."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.paths import check_file, store_directory
from vi_ik_ros.cli.training_plot import plot_training
from vi_ik_ros.exceptions import InvalidInput, ModelRefused

if TYPE_CHECKING:
    from vi_ik_ros.sampling.store.model_store import ModelStore
    from vi_ik_ros.sampling.store.schema import ModelDocument

EXAMPLE = "vi-ik models reach --store ~/my_models --plot curve.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik models`."""
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", help="this one alone: name in the store, or directory"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="draw how MODEL was trained, as it was stored"
    )
    parser.add_argument(
        "--store",
        metavar="DIR",
        type=store_directory,
        help="default: $XDG_DATA_HOME/vi_ik_ros/models",
    )


def run(arguments: argparse.Namespace) -> int:
    """List all models, refused ones with the reason, or one; draw how that was trained."""
    check_file("--plot", arguments.plot)
    if arguments.plot is not None and arguments.model is None:
        raise InvalidInput("--plot", str(arguments.plot), "MODEL beside it")
    from rich.markup import escape
    from rich.table import Table

    from vi_ik_ros.sampling.store.model_store import ModelStore

    store = ModelStore(arguments.store)
    if arguments.store is not None and not store.root.is_dir():
        say(f"remark: there is no directory {store.root} yet")
    documents = _documents(store, arguments.model)
    if arguments.plot is not None:
        plot_training(arguments.plot, store, arguments.model)
    titles = ("name", "robot", "family", "K", "dims", "context", "trained on", "scores")
    title = f"models in {store.root} and shipped ones" if arguments.model is None else None
    table = Table(*titles, title=title)
    for name, document in documents.items():
        if isinstance(document, Exception):
            table.add_row(name, f"[red]refused:[/] {escape(str(document))}")
        else:
            table.add_row(name, *map(escape, _cells(document)))
    rows = [_row(name, document) for name, document in documents.items()]
    emit(arguments.json, {"models": rows}, table if rows else f"no models in {store.root}")
    return 0


def _documents(
    store: "ModelStore", model: str | None
) -> "Mapping[str, ModelDocument | ModelRefused]":
    """Return what the store says about all models, or one."""
    if model is None:
        return store.documents()
    document = store.describe(model)
    return {document["name"]: document}


def _cells(document: Mapping) -> Iterator[str]:
    """Yield what the table shows of a model after its name."""
    yield str(document["robot"]["name"])
    yield str(document["family"])
    yield str(document["num_components"])
    yield str(document["num_dims"])
    entries = document["context"]
    yield ", ".join(f"{e['name']} ({e['kind']} in {e['frame']})" for e in entries) or "none"
    yield str(document["training"].get("date", ""))
    yield "\n".join(f"{name} {value:.4g}" for name, value in document["scores"].items())


def _row(name: str, document: Mapping | Exception) -> dict[str, object]:
    """Return a model as plain data; a refused one with the reason."""
    if isinstance(document, Exception):
        return {"name": name, "refusal": str(document)}
    keys = ("family", "num_components", "num_dims", "scores", "objectives_digest", "bound")
    context = [{k: e[k] for k in ("name", "kind", "size", "frame")} for e in document["context"]]
    return {
        "name": name,
        "refusal": "",
        "robot": str(document["robot"]["name"]),
        "trained_on": str(document["training"].get("date", "")),
        "training": dict(document["training"]),
        "context": context,
        **{key: document[key] for key in keys},
    }
