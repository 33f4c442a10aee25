# SPDX-License-Identifier: Apache-2.0
"""How things are touched: skills as graphs of primitives, and the episodes they make."""
