# SPDX-License-Identifier: Apache-2.0
"""Between messages and the values of the core: nothing but `x_to_msg` and `x_from_msg`."""

import array
from collections.abc import Mapping, Sequence

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, Quaternion
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from vi_ik_ros.kinematics.wire_rows import wire_limits, wire_names
from vi_ik_ros.msg import ContextEntry, ModelInfo
from vi_ik_ros.nodes.sampling.served_models import ListedModel
from vi_ik_ros.nodes.training.tables.objective_set import OBSTACLE
from vi_ik_ros.sampling.models.mixture_algebra import OverlapGraph
from vi_ik_ros.sampling.store.intersection import Intersection
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.srv import Connectivity, IntersectModels, SampleConfigurations


def floats_to_msg(values: np.ndarray | Sequence[float]) -> array.array:
    """Return values as the flat, row-major array that a `float64[]` takes without a copy loop."""
    return array.array("d", np.ascontiguousarray(values, dtype=np.float64).tobytes())


def pose_from_msg(pose: Pose) -> np.ndarray:
    """Return x y z qx qy qz qw."""
    p, q = pose.position, pose.orientation
    return np.array([p.x, p.y, p.z, q.x, q.y, q.z, q.w])


def pose_to_msg(pose: np.ndarray) -> Pose:
    """Return the message of x y z qx qy qz qw."""
    x, y, z, qx, qy, qz, qw = (float(value) for value in pose)
    return Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))


def poses_from_msg(poses: list[Pose]) -> np.ndarray:
    """Return B poses as (B, 7)."""
    return np.array([pose_from_msg(pose) for pose in poses]).reshape(-1, 7)


def request_from_msg(
    msg: SampleConfigurations.Request, targets: np.ndarray | None = None
) -> SampleRequest:
    """Return the request that a solver takes.

    Args:
        msg: the request as it came.
        targets: (B, 7) its targets in the model's base frame; None: they came in it.
    """
    offset = pose_from_msg(msg.tip_offset)
    return SampleRequest(
        targets=poses_from_msg(msg.targets) if targets is None else targets,
        context=np.array(msg.context),
        num_samples=msg.num_samples,
        seed=msg.seed,
        temperature=msg.temperature,
        refine=msg.refine,
        position_tolerance=msg.position_tolerance,
        orientation_tolerance=msg.orientation_tolerance,
        distinct_tolerance=msg.distinct_tolerance,
        reference=np.array(msg.reference),
        reference_max_distance=msg.reference_max_distance,
        tip_frame=msg.tip_frame,
        tip_offset=offset,
        avoid_self_collision=msg.avoid_self_collision,
        timeout=msg.timeout,
        obstacles=tuple(
            OBSTACLE.unpack(item, f"obstacles[{i}]") for i, item in enumerate(msg.obstacles)
        ),
        obstacle_margin=msg.obstacle_margin,
    )


def request_to_msg(
    request: SampleRequest, model: str = "", frame: str = ""
) -> SampleConfigurations.Request:
    """Return the message that asks a sampler node for a request."""
    return SampleConfigurations.Request(
        model=model,
        header=Header(frame_id=frame),
        targets=[pose_to_msg(pose) for pose in request.targets],
        context=floats_to_msg(request.context),
        reference=floats_to_msg(request.reference),
        tip_offset=pose_to_msg(request.tip_offset),
        tip_frame=request.tip_frame,
        num_samples=int(request.num_samples),
        seed=int(request.seed),
        temperature=float(request.temperature),
        refine=request.refine,
        position_tolerance=float(request.position_tolerance),
        orientation_tolerance=float(request.orientation_tolerance),
        distinct_tolerance=float(request.distinct_tolerance),
        reference_max_distance=float(request.reference_max_distance),
        avoid_self_collision=request.avoid_self_collision,
        timeout=float(request.timeout),
        obstacles=[
            OBSTACLE.pack(item, f"obstacles[{i}]") for i, item in enumerate(request.obstacles)
        ],
        obstacle_margin=float(request.obstacle_margin),
    )


def answer_to_msg(answer: SampleAnswer) -> SampleConfigurations.Response:
    """Return the response with an answer."""
    msg = SampleConfigurations.Response()
    msg.model_digest = answer.model_digest
    msg.joint_names = list(answer.joint_names)
    msg.counts = _integers("I", answer.counts)
    msg.positions = floats_to_msg(answer.positions)
    msg.log_prob = floats_to_msg(answer.log_prob)
    msg.seed_log_prob = floats_to_msg(answer.seed_log_prob)
    msg.component = _integers("I", answer.component)
    msg.position_error = floats_to_msg(answer.position_error)
    msg.orientation_error = floats_to_msg(answer.orientation_error)
    msg.iterations = _integers("I", answer.iterations)
    msg.converged = answer.converged.tolist()
    msg.source = _integers("B", answer.source)
    msg.target_status = _integers("B", answer.target_status)
    msg.target_msg = list(answer.target_msg)
    msg.elapsed = float(answer.elapsed)
    msg.checked = _integers("I", answer.checked)
    msg.survived = _integers("I", answer.survived)
    msg.ess = floats_to_msg(answer.ess)
    msg.log_weight = floats_to_msg(answer.log_weight)
    msg.out_of_distribution = answer.out_of_distribution.tolist()
    msg.context_distance = floats_to_msg(answer.context_distance)
    msg.context_distance_limit = float(answer.context_distance_limit)
    msg.redraw_rate = answer.redraw_rate
    return msg


def answer_from_msg(msg: SampleConfigurations.Response) -> SampleAnswer:
    """Return the answer in a response."""
    nq = len(msg.joint_names)
    return SampleAnswer(
        model_digest=msg.model_digest,
        joint_names=tuple(msg.joint_names),
        counts=np.array(msg.counts, dtype=np.uint32),
        positions=np.array(msg.positions).reshape(-1, nq),
        log_prob=np.array(msg.log_prob),
        seed_log_prob=np.array(msg.seed_log_prob),
        component=np.array(msg.component, dtype=np.uint32),
        position_error=np.array(msg.position_error),
        orientation_error=np.array(msg.orientation_error),
        iterations=np.array(msg.iterations, dtype=np.uint32),
        converged=np.array(msg.converged, dtype=bool),
        source=np.array(msg.source, dtype=np.uint8),
        target_status=np.array(msg.target_status, dtype=np.uint8),
        target_msg=tuple(msg.target_msg),
        elapsed=msg.elapsed,
        checked=np.array(msg.checked, dtype=np.uint32),
        survived=np.array(msg.survived, dtype=np.uint32),
        ess=np.array(msg.ess),
        log_weight=np.array(msg.log_weight),
        out_of_distribution=np.array(msg.out_of_distribution, dtype=bool),
        context_distance=np.array(msg.context_distance),
        context_distance_limit=msg.context_distance_limit,
        redraw_rate=msg.redraw_rate,
    )


def intersection_to_msg(result: Intersection, digest: str) -> IntersectModels.Response:
    """Return what came of a product that has been stored."""
    return IntersectModels.Response(
        model_digest=digest,
        num_components=result.mixture.num_components,
        log_mass=result.product.log_mass,
        dropped=result.product.dropped,
        distance=result.product.distance,
        redraw_rate=result.redraw_rate,
        shared_objectives=list(result.shared),
        remarks=list(result.remarks()),
    )


def graph_to_msg(graph: OverlapGraph, digest: str) -> Connectivity.Response:
    """Return the overlap graph of a model."""
    edges = graph.edges()
    return Connectivity.Response(
        model_digest=digest,
        weights=floats_to_msg(graph.weights),
        groups=_integers("I", graph.groups),
        group_weights=floats_to_msg(graph.group_weights),
        edges=_integers("I", edges.ravel()),
        similarity=floats_to_msg(graph.similarity[tuple(edges.T)]),
        log_overlap=floats_to_msg(graph.log_overlap.ravel()),
    )


def _integers(code: str, values: np.ndarray) -> array.array:
    kind = {"I": np.uint32, "B": np.uint8}[code]
    return array.array(code, np.ascontiguousarray(values, dtype=kind).tobytes())


def model_info_to_msg(
    name: str, listed: ListedModel, *, is_default: bool, stamp: Time
) -> ModelInfo:
    """Return what a store knows of one model, or why it is refused."""
    if listed.refusal:
        return ModelInfo(stamp=stamp, name=name, refusal=listed.refusal)
    document = listed.document
    robot, training, scores = (document[key] for key in ("robot", "training", "scores"))
    entries = [context_entry_to_msg(entry) for entry in document["context"]]
    return ModelInfo(
        stamp=stamp,
        name=name,
        digest=listed.digest,
        family=document["family"],
        is_default=is_default,
        robot=str(robot.get("spec", robot["name"])),
        robot_digest=robot.get("digest", ""),
        base_frame=robot["root"],
        tip_frame=robot["tip"],
        joint_names=list(wire_names(robot["joint_names"])),
        lower=floats_to_msg(wire_limits(robot["joint_names"], robot["lower"], -1.0)),
        upper=floats_to_msg(wire_limits(robot["joint_names"], robot["upper"], 1.0)),
        num_dims=document["num_dims"],
        num_components=document["num_components"],
        context=entries,
        context_size=sum(entry.size for entry in entries),
        objectives_digest=document["objectives_digest"],
        training_command=str(training.get("command", "")),
        training_seed=int(training.get("seed", 0)),
        training_duration=float(training.get("seconds", 0.0)),
        trained_on=str(training.get("date", "")),
        bound=document["bound"],
        score_names=list(scores),
        score_values=floats_to_msg(list(scores.values())),
    )


def context_entry_to_msg(entry: Mapping) -> ContextEntry:
    """Return one entry of a model's context row."""
    lower, upper = entry.get("range") or ((), ())
    return ContextEntry(
        name=entry["name"],
        kind=entry["kind"],
        size=entry["size"],
        frame=entry["frame"] or "",
        unit=entry["unit"] or "",
        lower=floats_to_msg(lower),
        upper=floats_to_msg(upper),
        objective=entry["objective"] or "",
        field=entry["field"] or "",
    )


def joint_state_to_msg(joint_names: tuple[str, ...], q: np.ndarray, stamp: Time) -> JointState:
    """Return one configuration (nq,) [rad or m]."""
    state = JointState(name=list(joint_names), position=floats_to_msg(q))
    state.header.stamp = stamp
    return state
