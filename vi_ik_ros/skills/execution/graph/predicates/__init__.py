# SPDX-License-Identifier: Apache-2.0
"""What primitives decide by; a new one is a file here and a word in `KINDS`."""

from vi_ik_ros.skills.execution.graph.predicates.force.contact import Contact
from vi_ik_ros.skills.execution.graph.predicates.force.contact_lost import ContactLost
from vi_ik_ros.skills.execution.graph.predicates.force.force_above import ForceAbove
from vi_ik_ros.skills.execution.graph.predicates.force.force_settled import ForceSettled
from vi_ik_ros.skills.execution.graph.predicates.force.force_std_above import ForceStdAbove
from vi_ik_ros.skills.execution.graph.predicates.force.impulse import Impulse
from vi_ik_ros.skills.execution.graph.predicates.force.unloaded import Unloaded
from vi_ik_ros.skills.execution.graph.predicates.motion.depth_reached import DepthReached
from vi_ik_ros.skills.execution.graph.predicates.motion.pose_reached import PoseReached
from vi_ik_ros.skills.execution.graph.predicates.motion.tilt_below import TiltBelow
from vi_ik_ros.skills.execution.graph.predicates.motion.travel_beyond import TravelBeyond
from vi_ik_ros.skills.execution.graph.predicates.predicate import NOT_YET, Predicate
from vi_ik_ros.skills.execution.graph.predicates.timeout import Timeout

KINDS: dict[str, type[Predicate]] = {  # by the word of a skill file
    predicate.kind: predicate
    for predicate in (
        Contact,
        ContactLost,
        ForceAbove,
        ForceSettled,
        ForceStdAbove,
        Impulse,
        Unloaded,
        DepthReached,
        PoseReached,
        TiltBelow,
        TravelBeyond,
        Timeout,
    )
}

__all__ = ["KINDS", "NOT_YET", "ForceAbove", "Predicate", "Timeout"]
