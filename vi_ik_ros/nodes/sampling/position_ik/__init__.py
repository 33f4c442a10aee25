# SPDX-License-Identifier: Apache-2.0
"""The service that planners of MoveIt ask for one configuration."""
