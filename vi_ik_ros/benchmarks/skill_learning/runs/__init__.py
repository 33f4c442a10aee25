# SPDX-License-Identifier: Apache-2.0
"""Runs of optimisers over episodes: one, many at a time, and those that were made before."""
