# SPDX-License-Identifier: Apache-2.0
"""How experts are fitted to demonstrations, Eq. (20)."""
