# SPDX-License-Identifier: Apache-2.0
"""Figures estimated from draws, with their standard errors."""
