# SPDX-License-Identifier: Apache-2.0
"""What the network of an amortized mixture is made of."""
