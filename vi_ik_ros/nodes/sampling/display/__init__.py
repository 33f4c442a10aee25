# SPDX-License-Identifier: Apache-2.0
"""What a sampler node shows of its last answer."""
