# SPDX-License-Identifier: Apache-2.0
"""Robots in the scene of the page."""
