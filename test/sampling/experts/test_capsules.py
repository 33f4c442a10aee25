# SPDX-License-Identifier: Apache-2.0
"""Capsules against coal, the collision library behind pinocchio."""

import coal
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import ObjectiveError, RobotError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.jacobian import residual_jacobian
from vi_ik_ros.sampling.experts.kinematic_state import kinematic_state
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.transforms import Distance
from vi_ik_ros.sampling.experts.transforms.distance.collision_shapes import collision_shapes
from vi_ik_ros.sampling.experts.transforms.distance.obstacles import OBSTACLES
from vi_ik_ros.sampling.experts.transforms.distance.segments import (
    nearest_to_box,
    nearest_to_point,
    nearest_to_segment,
    point_at,
)

NUM = 400
QUATERNION = np.array([0.5, -0.2, 0.3, 0.8]) / np.linalg.norm([0.5, -0.2, 0.3, 0.8])
BALL = {"type": "sphere", "center": [0.1, 0.2, 0.3], "radius": 0.3}
BOX = {"type": "box", "pose": [0.2, -0.1, 0.3, *QUATERNION], "size": [0.4, 0.6, 0.8]}
FLOOR = {"type": "half_space", "point": [0, 0, 0.2], "normal": [0, 0.6, 0.8]}
SOLIDS = {
    "sphere": (coal.Sphere(0.3), coal.Transform3s(np.eye(3), np.array([0.1, 0.2, 0.3]))),
    "box": (
        coal.Box(0.4, 0.6, 0.8),
        coal.Transform3s(Rotation.from_quat(QUATERNION).as_matrix(), np.array([0.2, -0.1, 0.3])),
    ),
    "half_space": (coal.Halfspace(np.array([0, 0.6, 0.8]), 0.16), coal.Transform3s.Identity()),
}
CAPSULES = [
    {"frame": "panda_link0", "start": [-0.08, 0, 0.1], "end": [0, 0, 0.1], "radius": 0.09},
    {"frame": "panda_link2", "end": [0, -0.3, 0], "radius": 0.08},
    {"frame": "panda_link5", "start": [0, 0.01, -0.22], "end": [0, 0.045, -0.03], "radius": 0.06},
    {"frame": "panda_hand", "start": [0, -0.09, 0.03], "end": [0, 0.09, 0.03], "radius": 0.04},
]


def segments(num=NUM, seed=0):
    """Random ends (num, 3) of segments about the obstacles."""
    generator = torch.Generator().manual_seed(seed)
    return 0.6 * torch.randn(2, num, 3, generator=generator, dtype=torch.float64)


def coal_capsule(start, end, radius):
    """A capsule of coal and its placement."""
    along = end - start
    rotation, _ = Rotation.align_vectors(along[None], [[0.0, 0.0, 1.0]])
    shape = coal.Capsule(radius, np.linalg.norm(along))
    return shape, coal.Transform3s(rotation.as_matrix(), 0.5 * (start + end))


def coal_distance(one, other):
    """The signed distance of two placed shapes."""
    request = coal.DistanceRequest()
    request.enable_signed_distance = True
    request.gjk_tolerance = request.epa_tolerance = 1e-10
    return coal.distance(*one, *other, request, coal.DistanceResult())


def obstacle(fields):
    return OBSTACLES[fields["type"]].from_fields(Fields(fields))


def gap(start, end, other_start, other_end):
    s, t = nearest_to_segment(start, end, other_start, other_end)
    return (point_at(start, end, s) - point_at(other_start, other_end, t)).norm(dim=-1)


@pytest.mark.parametrize("fields", [BALL, BOX, FLOOR], ids=lambda fields: fields["type"])
def test_a_capsule_is_as_far_from_an_obstacle_as_coal_says(fields):
    start, end = segments()
    solid, radius = obstacle(fields), 0.15
    distance = solid.distance(point_at(start, end, solid.nearest(start, end))).numpy()
    compared = distance > 1e-6 if fields["type"] == "box" else np.full(NUM, True)
    expected = [
        coal_distance(coal_capsule(a, b, radius), SOLIDS[fields["type"]])
        for a, b in zip(start.numpy()[compared], end.numpy()[compared], strict=True)
    ]
    assert np.abs(distance[compared] - radius - expected).max() < 1e-9
    assert compared.sum() > 250 and np.min(expected) < -0.1


def test_in_a_box_the_deepest_point_of_the_axis_counts():
    start, end = segments()
    box = obstacle(BOX)
    distance = box.distance(point_at(start, end, box.nearest(start, end)))
    dense = torch.linspace(0.0, 1.0, 1001, dtype=torch.float64)
    along = box.distance(start[:, None] + dense[:, None] * (end - start)[:, None]).amin(1)
    inside = distance < 0.0
    assert inside.sum() > 50
    assert (distance <= along + 1e-12).all() and (along - distance).max() < 2e-3


def test_two_capsules_are_as_far_apart_as_coal_says():
    (a, b), (c, d) = segments(), segments(seed=1)
    expected = [
        coal_distance(coal_capsule(*ends[:2], 0.1), coal_capsule(*ends[2:], 0.2))
        for ends in zip(a.numpy(), b.numpy(), c.numpy(), d.numpy(), strict=True)
    ]
    assert np.abs(gap(a, b, c, d).numpy() - 0.3 - expected).max() < 1e-9
    assert np.min(expected) < -0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([[0, 1, 0], [2, 1, 0]], 1.0),  # parallel, side by side
        ([[3, 1, 0], [5, 1, 0]], np.sqrt(2.0)),  # parallel, past the end
        ([[5, 1, 0], [3, 1, 0]], np.sqrt(2.0)),
        ([[0.5, 0, 0], [1.5, 0, 0]], 0.0),  # on the same line, one in the other
        ([[3, 0, 0], [4, 0, 0]], 1.0),
        ([[1, 2, 0], [1, 2, 0]], 2.0),  # a point
        ([[4, 0, 0], [4, 0, 0]], 2.0),
        ([[1, -1, 0], [1, 1, 0]], 0.0),  # crossing
        ([[0, 1, 0], [2, 1, 1e-9]], 1.0),  # as good as parallel
    ],
)
def test_segments_without_one_nearest_point_have_finite_slopes(dtype, other, expected):
    ends = torch.tensor([[[0, 0, 0]], [[2, 0, 0]]], dtype=dtype).requires_grad_()
    others = torch.tensor(other, dtype=dtype)[:, None].requires_grad_()
    for pair in ((*ends, *others), (*others, *ends)):
        distance = gap(*pair)
        assert distance.item() == pytest.approx(expected, abs=1e-6)
        slopes = torch.autograd.grad(distance.sum(), (ends, others))
        assert all(slope.isfinite().all() for slope in slopes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_segments_of_no_length_are_points(dtype):
    points, _ = segments(20)
    points = points.to(dtype)
    for fields in (BALL, BOX, FLOOR):
        solid = obstacle(fields)
        t = solid.nearest(points, points)
        assert torch.equal(point_at(points, points, t), points)
    assert (nearest_to_point(points, points, points) >= 0.0).all()


def test_a_segment_along_a_face_of_a_box_touches_it():
    half = torch.tensor([0.2, 0.3, 0.4], dtype=torch.float64)
    rows = [[-1.0, 0.3, 0.0], [1.0, 0.3, 0.0], [-0.1, 0.3, 0.4], [0.1, 0.3, 0.4]]
    start, end = torch.tensor(rows, dtype=torch.float64).view(2, 2, 3).unbind(1)
    t = nearest_to_box(start, end, half)
    assert ((point_at(start, end, t).abs() - half).amax(-1)).abs().max() < 1e-12


@pytest.fixture(scope="module")
def clearance():
    fields = {"capsules": CAPSULES, "obstacles": [BALL, BOX, FLOOR], "self_distance": True}
    fields["spheres"] = [{"frame": "panda_link8", "radius": 0.05}]
    return Distance.from_fields(Fields(fields), RobotModel.load("panda"))


def test_capsules_on_links_are_where_pinocchio_puts_them(clearance, panda, configurations):
    q = configurations(panda, num=40)
    state = kinematic_state(Chain(panda, clearance.frames), q)
    distances = clearance(state).numpy()
    assert distances.shape == (40, clearance.size) and clearance.size == 5 * 3 + 9
    for row, configuration in zip(distances, q.numpy(), strict=True):
        placed = {}
        for index, capsule in enumerate(CAPSULES, start=1):
            T = panda.forward(configuration, capsule["frame"])
            ends = [T[:3, :3] @ capsule.get(key, [0, 0, 0]) + T[:3, 3] for key in ("start", "end")]
            placed[index] = coal_capsule(*ends, capsule["radius"])
        expected = [coal_distance(placed[i], SOLIDS["sphere"]) for i in placed]
        assert np.allclose(row[1:5], expected, atol=1e-9)
        for column, (i, j) in zip(row[15:], clearance.pairs, strict=True):
            if i in placed and j in placed and column > -0.1:  # the axes do not meet
                assert column == pytest.approx(coal_distance(placed[i], placed[j]), abs=1e-9)


@pytest.mark.parametrize("fields", [BALL, BOX, FLOOR], ids=lambda fields: fields["type"])
def test_the_slope_by_both_ends_is_right_inside_and_outside(fields):
    solid = obstacle(fields)
    ends = [end.requires_grad_() for end in segments(60, seed=2)]

    def distance(start, end):
        return solid.distance(point_at(start, end, solid.nearest(start, end)))

    assert torch.autograd.gradcheck(distance, ends)
    assert (distance(*ends) < 0.0).sum() > 3


def test_slopes_agree_with_finite_differences(clearance, panda, configurations):
    chain = Chain(panda, clearance.frames)
    q = configurations(panda, num=6, seed=3).requires_grad_()
    assert torch.autograd.gradcheck(lambda at: clearance(kinematic_state(chain, at)), q)


def test_all_slopes_come_from_one_pass_even_inside_a_box(clearance, panda, configurations):
    q = configurations(panda, num=50, seed=4).requires_grad_()
    distances = clearance(kinematic_state(Chain(panda, clearance.frames), q))
    J = residual_jacobian(distances, q)
    box_of_link_5 = 5 + 3  # the column, after those of the ball
    assert distances[:, box_of_link_5].min() < -0.1
    (slope,) = torch.autograd.grad(distances[:, box_of_link_5].sum(), q)
    assert torch.allclose(J[:, box_of_link_5], slope)


def test_shapes_of_one_link_or_of_neighbours_are_not_compared(clearance):
    frames = [[clearance.shapes[i].frame for i in pair] for pair in clearance.pairs]
    assert ["panda_link8", "panda_hand"] not in frames
    assert ["panda_link2", "panda_hand"] in frames and len(frames) == 9


def test_a_selection_of_capsules_is_that_of_the_whole_vector(clearance, panda, configurations):
    state = kinematic_state(Chain(panda, clearance.frames), configurations(panda))
    columns = (0, 3, 7, 14, 16, 21)
    chosen = clearance.selected(columns)
    assert torch.allclose(chosen(state), clearance(state)[:, list(columns)], atol=1e-14)


def test_the_shapes_of_a_urdf_enclose_its_collision_geometry(panda):
    shapes = collision_shapes(panda)
    checker = SelfCollision(panda)
    objects = [g for g in checker._geometry.geometryObjects if "finger" not in g.name]
    assert len(shapes) == 22 and max(shape.radius for shape in shapes) < 0.12
    rng = np.random.default_rng(0)
    for geometry in objects:
        frame = panda.pinocchio_model.frames[geometry.parentFrame]
        T_link_shape = (frame.placement.inverse() * geometry.placement).homogeneous
        points = rng.uniform(-1.0, 1.0, (500, 3))
        if isinstance(geometry.geometry, coal.Box):
            points *= geometry.geometry.halfSide
        elif isinstance(geometry.geometry, coal.Cylinder):
            points[:, :2] /= np.maximum(1.0, np.linalg.norm(points[:, :2], axis=1))[:, None]
            points *= [*[geometry.geometry.radius] * 2, geometry.geometry.halfLength]
        else:
            points *= geometry.geometry.radius / np.linalg.norm(points, axis=1, keepdims=True)
        points = torch.from_numpy(points @ T_link_shape[:3, :3].T + T_link_shape[:3, 3])
        mine = [shape for shape in shapes if shape.frame == frame.name]
        depths = []
        for shape in mine:
            start, end = (torch.tensor(p).double().expand(500, 3) for p in (shape.start, shape.end))
            near = point_at(start, end, nearest_to_point(start, end, points))
            depths.append(shape.radius - (points - near).norm(dim=-1))
        assert torch.stack(depths).amax(0).min() > -1e-5


def test_the_word_collision_stands_for_the_shapes_of_the_urdf(panda, configurations):
    """No configuration that the URDF's geometry finds in collision has only positive distances."""
    fields = Fields({"capsules": "collision", "self_distance": True})
    transform = Distance.from_fields(fields, panda)
    q = configurations(panda, num=300)
    distances = transform(kinematic_state(Chain(panda, transform.frames), q))
    hit = torch.from_numpy(SelfCollision(panda).in_collision(q.numpy()))
    assert hit.sum() > 15 and (distances[hit].amin(1) < 0.0).all()
    assert (distances[~hit].amin(1) > 0.0).double().mean() > 0.9
    ready = torch.from_numpy(panda.ready)[None]
    assert (transform(kinematic_state(Chain(panda, transform.frames), ready)) > 0.0).all()


def test_the_base_of_a_urdf_may_stand_on_an_obstacle(panda):
    table = {"type": "half_space", "point": [0, 0, 0], "normal": [0, 0, 1]}
    transform = Distance.from_fields(Fields({"capsules": "collision", "obstacles": [table]}), panda)
    assert transform.size == 20  # two shapes of the base left out
    assert "panda_link0" not in [transform.shapes[i].frame for i in transform.exposed]


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"capsules": []}, "spheres", "capsules: collision"),
        ({"capsules": "urdf"}, "capsules", "a list"),
        ({"capsules": [{"frame": "tip", "radius": 1}]}, "capsules[0].end", "other than"),
        (
            {"capsules": [{"frame": "tip", "end": [0, 0, 0], "radius": 1}]},
            "capsules[0].end",
            "or a",
        ),
        (
            {"capsules": [{"frame": "tip", "end": [1, 0], "radius": 1}]},
            "capsules[0].end",
            "3 finite",
        ),
        ({"capsules": [{"frame": "tip", "end": [1, 0, 0]}]}, "capsules[0].radius", "0 or more"),
        ({"capsules": [{"frame": "tpi", "end": [1, 0, 0]}]}, "capsules[0].frame", "tip"),
        ({"capsules": [{"frame": "tip", "stop": [1, 0, 0]}]}, "capsules[0].stop", "end"),
    ],
)
def test_wrong_fields_are_refused(change, field, expected):
    clear = {
        "name": "clear",
        "transform": {"type": "distance", "obstacles": [BALL]} | change,
        "density": {"type": "normal_cdf", "lower": 0.0, "std": 0.01},
    }
    with pytest.raises(ObjectiveError) as caught:
        load_objectives({"robot": "planar2", "objectives": [clear]})
    assert caught.value.field == f"objectives[0].transform.{field}"
    assert expected in caught.value.expected


def test_a_robot_without_primitive_shapes_has_none_to_stand_for(turning_arm):
    with pytest.raises(ObjectiveError, match="a list of") as caught:
        Distance.from_fields(Fields({"capsules": "collision", "obstacles": [BALL]}), turning_arm)
    assert caught.value.field == "capsules"


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        ("<box/>", "3 positive numbers in its <box>"),
        ('<box size="1 2"/>', "3 positive"),
        ('<box size="-1 1 1"/>', "3 positive"),
        ('<cylinder radius="a" length="1"/>', "1 positive"),
        ('<cylinder radius="0.1"/>', "1 positive"),
        ('<sphere radius="nan"/>', "1 positive"),
    ],
)
def test_a_urdf_with_wrong_sizes_is_refused_by_link(geometry, expected):
    links = f"<link name='base'/><link name='arm'><collision><geometry>{geometry}</geometry>"
    joint = "<joint name='j' type='continuous'><parent link='base'/><child link='arm'/></joint>"
    urdf = f"<robot name='r'>{links}</collision></link>{joint}</robot>"
    with pytest.raises(RobotError, match="link arm: got ") as caught:
        collision_shapes(RobotModel.load({"urdf": urdf}))
    assert expected in caught.value.expected
