# SPDX-License-Identifier: Apache-2.0
"""One picture a file: `draw(directory, quick=, on_progress=)` fits what it shows, and writes it."""
