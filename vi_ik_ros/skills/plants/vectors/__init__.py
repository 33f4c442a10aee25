# SPDX-License-Identifier: Apache-2.0
"""Three-vectors: rotations, and steps that are shortened without being turned."""
