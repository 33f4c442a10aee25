# SPDX-License-Identifier: Apache-2.0
"""Which group of a planner asks which model."""

from vi_ik_ros.exceptions import InvalidInput


def read_groups(text: str) -> dict[str, str]:
    """Read `group=model` pairs, with commas between them.

    Raises:
        InvalidInput: a pair has another form, or a group comes twice.
    """
    groups: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        group, sign, model = (part.strip() for part in pair.partition("="))
        if not (group and sign and model) or group in groups:
            expected = "pairs such as panda_arm=panda_pose with commas, each group once"
            raise InvalidInput("parameter position_ik_groups", text, expected)
        groups[group] = model
    return groups
