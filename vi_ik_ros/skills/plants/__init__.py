# SPDX-License-Identifier: Apache-2.0
"""What is touched: robots and simulations that take Cartesian deviations, one protocol for all."""
