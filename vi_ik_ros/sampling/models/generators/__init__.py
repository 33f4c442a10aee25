# SPDX-License-Identifier: Apache-2.0
"""Networks that turn noise into configurations: couplings and decoders, trained and served."""
