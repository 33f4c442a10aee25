# SPDX-License-Identifier: Apache-2.0
"""From set-values to velocities."""
