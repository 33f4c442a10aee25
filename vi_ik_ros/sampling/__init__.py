# SPDX-License-Identifier: Apache-2.0
"""Sampling: targets as products of experts, models fitted to them, and their use as warm starts."""
