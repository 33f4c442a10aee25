# SPDX-License-Identifier: Apache-2.0
"""What we do in contact: plants that are touched, how, and how that gets better."""
