# SPDX-License-Identifier: Apache-2.0
"""What the sampler node is made of, and its client."""
