# SPDX-License-Identifier: Apache-2.0
"""How conditional models are fitted."""
