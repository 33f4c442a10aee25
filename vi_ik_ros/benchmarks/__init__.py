# SPDX-License-Identifier: Apache-2.0
"""One file per name of `vi-ik bench`, with its competitors inside."""
