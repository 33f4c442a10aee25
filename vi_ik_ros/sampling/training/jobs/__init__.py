# SPDX-License-Identifier: Apache-2.0
"""Fits in a process of their own: what is asked for, the process, and who looks after it."""
