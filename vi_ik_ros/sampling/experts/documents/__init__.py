# SPDX-License-Identifier: Apache-2.0
"""Objectives files as plain values, before and after they are read: no tensors, no robot."""
