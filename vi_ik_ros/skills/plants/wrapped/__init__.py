# SPDX-License-Identifier: Apache-2.0
"""Plants that add something to what another plant tells."""
