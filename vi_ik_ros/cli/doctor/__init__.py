# SPDX-License-Identifier: Apache-2.0
"""What `vi-ik doctor` looks at, a kind of thing a file; each is imported when its turn comes."""
