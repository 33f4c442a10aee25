# SPDX-License-Identifier: Apache-2.0
"""Configurations that meet objectives which random ones practically never meet."""
