# SPDX-License-Identifier: Apache-2.0
"""How a model is used: draw, refine, keep what is distinct, answer."""
