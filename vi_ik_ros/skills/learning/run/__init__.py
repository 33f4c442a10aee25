# SPDX-License-Identifier: Apache-2.0
"""A learning run: what decides it, the seeds of its episodes, how far it is."""
