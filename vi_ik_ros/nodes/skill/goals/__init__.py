# SPDX-License-Identifier: Apache-2.0
"""The actions of the skill node: one goal at a time over all of them."""
