# SPDX-License-Identifier: Apache-2.0
"""The status of the skill node: hints are warnings, faults of the node errors."""

from diagnostic_msgs.msg import DiagnosticStatus

from vi_ik_ros.nodes.skill.skill_status import SkillState, SkillStatus, status_to_msg


def values_of(message: DiagnosticStatus) -> dict[str, str]:
    return {pair.key: pair.value for pair in message.values}


def test_an_episode_that_goes_on_names_its_primitive():
    status = SkillStatus(SkillState.RUNNING, "touch", "slot", 5, "down", 1.25, delay_ticks=1)
    message = status_to_msg(status, "/cell/skill", "mujoco")
    values = values_of(message)
    assert (message.level, message.name, message.hardware_id) == (b"\0", "/cell/skill", "mujoco")
    assert message.message == "running touch: down"
    assert (values["state"], values["seed"], values["time"]) == ("RUNNING", "5", "1.250")
    assert (values["delay_ticks"], values["round_trip"]) == ("1", "")


def test_hints_are_a_warning_and_a_fault_is_an_error():
    hinted = status_to_msg(SkillStatus(hints=("lower K_P", "or not")), "skill", "")
    assert hinted.level == DiagnosticStatus.WARN
    assert hinted.message == "idle; lower K_P; or not"
    faulty = status_to_msg(SkillStatus(last="ValueError: x", is_fault=True), "skill", "")
    assert faulty.level == DiagnosticStatus.ERROR
    assert faulty.message == "idle; last episode: ValueError: x"


def test_why_a_goal_was_refused_is_told_until_another_one_is_taken():
    reason = "num_episodes: got 0, expected a whole number from 1"
    message = status_to_msg(SkillStatus(rejected=reason, hints=("lower K_P",)), "skill", "")
    assert message.message == f"idle; last goal refused: {reason}; lower K_P"
    assert values_of(message)["rejected"] == reason


def test_what_is_learned_between_episodes_is_told():
    status = SkillStatus(learning="touch by sobol: 2 of 3 episodes", last="success")
    message = status_to_msg(status, "skill", "analytic")
    assert message.message == "learning touch by sobol: 2 of 3 episodes; last episode: success"
    running = SkillStatus(state=SkillState.RUNNING, learning="touch", skill="touch")
    assert running.words == "running touch: on the way to the start"
