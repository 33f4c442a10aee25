# SPDX-License-Identifier: Apache-2.0
"""What goes over the three sockets of the controller: bytes, units, connections."""
