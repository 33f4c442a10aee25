# SPDX-License-Identifier: Apache-2.0
"""From demonstrated configurations and an objectives file to the numbers that it leaves open."""
