# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes of their own."""
