# SPDX-License-Identifier: Apache-2.0
"""What keeps the reverse KL of a conditional mixture stable and its modes covered."""
