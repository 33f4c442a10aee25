# SPDX-License-Identifier: Apache-2.0
"""Runs that train networks which turn noise into configurations."""
