# SPDX-License-Identifier: Apache-2.0
"""What runs amount to: rates, medians and comparisons with their intervals."""
