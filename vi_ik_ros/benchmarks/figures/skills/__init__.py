# SPDX-License-Identifier: Apache-2.0
"""Pictures of contact skills and of learning them."""
