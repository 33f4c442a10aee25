# SPDX-License-Identifier: Apache-2.0
"""What `train` and `objectives publish` are told about a training."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput

_OPTIONS = {"num_components": "components", "num_blocks": "blocks"}  # others have the same name


def add_training_arguments(parser: argparse.ArgumentParser, default_family: str) -> None:
    """Declare the objectives file and what a fit can be told.

    Args:
        parser: of the command.
        default_family: what happens without `--family`, in words.
    """
    parser.add_argument("objectives", metavar="OBJECTIVES.yaml", type=Path, nargs="?")
    parser.add_argument(
        "--robot", metavar="ROBOT",
        help="in place of a file: an alias of config/robots.yaml or a URDF; its tip is to be at "
        "the poses of a context, inside the joint limits",
    )  # fmt: skip
    parser.add_argument("--tip", metavar="LINK", help="with --robot: the link that is placed")
    parser.add_argument(
        "--context", nargs="+", type=float, metavar="C",
        help="fix the context at these numbers (x y z for panda_position.yaml), so that the "
        "objectives have none",
    )  # fmt: skip
    parser.add_argument(
        "--family", default="",
        help="amortized, moe, em, inn, cvae or kd_tree for objectives with a context, gaussian or "
        f"banana for those without (default: {default_family})",
    )  # fmt: skip
    parser.add_argument(
        "--components", type=int, metavar="K", help="mixture components, or rows of a kd_tree"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed (default 0)")
    parser.add_argument("--steps", type=int, help="end after so many updates")
    parser.add_argument("--time-limit", type=float, metavar="SEC", help="end after so long")
    parser.add_argument("--width", type=int, help="width of the network")
    parser.add_argument("--blocks", type=int, help="residual blocks of the network")
    parser.add_argument("--batch-size", type=int, help="pairs of one update")


def add_sharpening_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a fit of networks can be told of its ELBO."""
    for option, words in (
        ("sharpen-from", "share of a fit after which the ELBO joins the likelihood"),
        ("elbo-weight", "weight of the ELBO beside the likelihood"),
        ("trust-region", "first bound [nat] of how far the ELBO moves a component; 0 for none"),
        ("sir-weight", "weight of importance-weighted draws beside the ELBO; 0 for none"),
        ("widening", "mean depth [nat] a joint that the ELBO's target is widened to; 0 for none"),
        ("obsolete-below", "share of 1 / K below which components are removed; 0 keeps all"),
    ):
        parser.add_argument(f"--{option}", type=float, metavar="W", help=words)


def read_document(arguments: argparse.Namespace) -> dict[str, object]:
    """Read the objectives file or make that of a robot; fill the context if there are values."""
    from vi_ik_ros.sampling.experts.documents.fill_context import fill_context
    from vi_ik_ros.sampling.experts.yaml_document import read_yaml

    check_source(arguments)
    named = arguments.objectives is not None
    document = read_yaml(arguments.objectives) if named else _document_of_robot(arguments)
    return document if arguments.context is None else fill_context(document, arguments.context)


def check_source(arguments: argparse.Namespace) -> None:
    """Refuse anything but either a file or a robot."""
    named = arguments.objectives is not None
    if named == (arguments.robot is not None):
        value = f"{arguments.objectives} and {arguments.robot}" if named else "nothing"
        raise InvalidInput("OBJECTIVES.yaml", value, "a file, or --robot ROBOT in place of one")
    if named and arguments.tip is not None:
        raise InvalidInput("--tip", arguments.tip, "none beside a file, which names its frames")


def _document_of_robot(arguments: argparse.Namespace) -> dict[str, object]:
    """Return objectives for a robot of which only the URDF is known."""
    from vi_ik_ros.kinematics.robot_model import RobotModel
    from vi_ik_ros.sampling.experts.documents.reach_document import reach_document

    return reach_document(RobotModel.load(arguments.robot), tip=arguments.tip)


def given_settings(arguments: argparse.Namespace) -> Mapping[str, int | float]:
    """Return the fields of FitSettings that were given, each checked."""
    from vi_ik_ros.sampling.training.settings import RANGES, checked_settings

    told = {name: getattr(arguments, _OPTIONS.get(name, name), None) for name in RANGES}
    given = {name: value for name, value in told.items() if value is not None}
    checked_settings(given, lambda name: f"--{_OPTIONS.get(name, name).replace('_', '-')}")
    return given


def checked_model_name(name: str, option: str) -> str:
    """Return the name of a model in the store, refused if it cannot be one."""
    from vi_ik_ros.sampling.store.model_store import is_model_name

    if not is_model_name(name):
        raise InvalidInput(option, name, "1 to 64 of a-z, 0-9 and _")
    return name
