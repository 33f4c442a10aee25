# SPDX-License-Identifier: Apache-2.0
"""What a natural-gradient step is made of."""
