# SPDX-License-Identifier: Apache-2.0
"""What the skill node is made of: episodes over topics, and what is told about them."""
