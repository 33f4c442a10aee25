# SPDX-License-Identifier: Apache-2.0
"""What is kept of a learning run: one SQLite file, from which it goes on after kill -9."""
