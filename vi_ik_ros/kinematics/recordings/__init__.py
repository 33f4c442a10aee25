# SPDX-License-Identifier: Apache-2.0
"""Configurations in files."""
