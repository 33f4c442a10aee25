# SPDX-License-Identifier: Apache-2.0
"""How fits went: their curves, and the file of one beside its model."""
