# SPDX-License-Identifier: Apache-2.0
"""Which components a conditional mixture has, and which it needs."""
