# SPDX-License-Identifier: Apache-2.0
"""Primitives, their predicates, and the graph that they form."""

from vi_ik_ros.skills.execution.graph.skill import END, BoundSkill, Factor, Skill
from vi_ik_ros.skills.execution.graph.skill_file import load_skill, skill_names

__all__ = ["END", "BoundSkill", "Factor", "Skill", "load_skill", "skill_names"]
