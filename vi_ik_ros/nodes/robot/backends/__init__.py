# SPDX-License-Identifier: Apache-2.0
"""What may be behind the topics: simulations and a COMAU arm."""
