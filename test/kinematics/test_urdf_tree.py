# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.urdf_tree import parse_urdf, suggest

LIMIT = '<limit lower="-1" upper="1" velocity="1" effort="1"/>'


def urdf(*joints: str, links: str = "abc") -> str:
    return (
        "<robot name='r'>"
        + "".join(f'<link name="{x}"/>' for x in links)
        + "".join(joints)
        + "</robot>"
    )


def joint(name: str, ends: str, *, kind: str = "revolute", rest: str = LIMIT) -> str:
    parent, child = ends
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f"{rest}</joint>"
    )


GOOD = joint("good", "ab")

REFUSED = {
    "no XML": ("<robot", "well-formed XML"),
    "empty": ("", "well-formed XML"),
    "other format": ("<sdf/>", "not <sdf>"),
    "no link": ("<robot/>", "one root link, found 0"),
    "two roots": (urdf(GOOD), "one root link, found 2"),
    "loop": (urdf(joint("j", "bc"), joint("k", "cb")), "form a loop"),
    "two parents": (urdf(GOOD, joint("j", "ac"), joint("k", "bc")), "every child link once"),
    "same link": (urdf(GOOD, links="aab"), "every link once"),
    "same joint": (urdf(GOOD, joint("good", "bc")), "every joint once"),
    "nameless link": ("<robot><link/></robot>", "name on every <link>"),
    "no parent": ('<robot><link name="a"/><joint name="j" type="fixed"/></robot>', "j: .*<parent"),
    "unknown link": (urdf(joint("j", "ax")), "joint j: got x"),
    "no joint": (urdf(links="a"), "at least one unlocked joint"),
    "only fixed": (urdf(joint("j", "ab", kind="fixed"), links="ab"), "at least one unlocked"),
    "unknown type": (urdf(joint("j", "ab", kind="revolut"), links="ab"), "joint j: .*'revolut'"),
    "planar": (urdf(joint("j", "ab", kind="planar"), links="ab"), "joint j: got type planar"),
    "floating": (urdf(joint("j", "ab", kind="floating"), links="ab"), "joint j: got type floating"),
    "no limits": (urdf(joint("j", "ab", rest=""), links="ab"), "joint j: .*finite limits"),
    "infinite": (
        urdf(joint("j", "ab", rest=LIMIT.replace('"1"', '"inf"', 1)), links="ab"),
        "joint j: got limits -1.0 .. inf",
    ),
    "reversed": (
        urdf(joint("j", "ab", rest=LIMIT.replace("-1", "2")), links="ab"),
        "lower < upper",
    ),
    "not a number": (
        urdf(joint("j", "ab", rest=LIMIT.replace("-1", "x")), links="ab"),
        "lower='x'",
    ),
    "zero axis": (urdf(joint("j", "ab", rest=LIMIT + '<axis xyz="0 0 0"/>'), links="ab"), "axis"),
    "short axis": (urdf(joint("j", "ab", rest=LIMIT + '<axis xyz="0 1"/>'), links="ab"), "three"),
    "mimic": (
        urdf(GOOD, joint("j", "bc", rest=LIMIT + '<mimic joint="good"/>')),
        "joint j: got mimics good",
    ),
    "bad origin": (
        urdf(joint("j", "ab", rest=LIMIT + '<origin xyz="a b c"/>'), links="ab"),
        "pinocchio can read",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_urdf_is_refused_in_one_line(case, write_urdf, capfd):
    text, reason = REFUSED[case]
    with pytest.raises(RobotError, match=reason) as caught:
        RobotModel.load(write_urdf(text))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")  # the URDF library does not write to the terminal


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "robot.urdf"
    path.write_bytes(b"\xff\xfe\x00mesh")
    with pytest.raises(RobotError, match="not UTF-8"):
        RobotModel.load(path)


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(RobotError, match="a URDF file that exists"):
        RobotModel.load(tmp_path)


def test_joints_are_depth_first_in_the_order_of_the_file():
    text = urdf(joint("j3", "ad"), joint("j1", "ac"), joint("j2", "cb"), links="abcd")
    tree = parse_urdf(text, "here")
    assert [j.name for j in tree.joints] == ["j3", "j1", "j2"]
    assert tree.links == ("a", "d", "c", "b")


def test_an_axis_is_made_a_unit_vector():
    tree = parse_urdf(
        urdf(joint("j", "ab", rest=LIMIT + '<axis xyz="0 3 4"/>'), links="ab"), "here"
    )
    assert tree.joints[0].axis.tolist() == pytest.approx([0.0, 0.6, 0.8])


def test_the_default_axis_is_x():
    assert parse_urdf(urdf(GOOD, links="ab"), "here").joints[0].axis.tolist() == [1, 0, 0]


def test_a_mimicking_joint_is_locked_with_the_one_it_follows():
    mimic = '<mimic joint="good" multiplier="-2" offset="0.1"/>'
    text = urdf(
        GOOD, joint("follower", "bc", rest=LIMIT + mimic), joint("free", "cd"), links="abcd"
    )
    robot = RobotModel.load({"urdf": text, "locked": {"good": 0.3}})
    assert robot.joint_names == ("free",)
    assert robot.locked == {"good": 0.3, "follower": pytest.approx(-0.5)}


@pytest.mark.parametrize(
    "name, names, expected",
    [
        ("lnk1", ["link1", "base"], "close to it: link1"),
        ("talos", ["talos_reduced_box", "tiago"], "close to it: tiago, talos_reduced_box"),
        ("zzz", ["a", "b"], "a, b"),
    ],
)
def test_suggestions_name_the_closest(name, names, expected):
    assert suggest(name, names) == expected
