# SPDX-License-Identifier: Apache-2.0
"""From raw samples of a force sensor to the wrench that skills decide by."""
