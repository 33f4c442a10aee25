# SPDX-License-Identifier: Apache-2.0
"""Densities over configurations that know no robot, behind one interface."""
