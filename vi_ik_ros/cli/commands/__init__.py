# SPDX-License-Identifier: Apache-2.0
"""One file per command of `vi-ik`: `EXAMPLE`, `add_arguments(parser)` and `run(arguments)`."""
