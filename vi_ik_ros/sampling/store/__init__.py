# SPDX-License-Identifier: Apache-2.0
"""Models on disk: written whole, named by digest, refused with a reason."""
