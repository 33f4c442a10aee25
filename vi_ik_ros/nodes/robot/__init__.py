# SPDX-License-Identifier: Apache-2.0
"""What stands behind the topics of a robot, and in front of them."""
