# SPDX-License-Identifier: Apache-2.0
"""What draws of a model are worth: against exact ones, and by the measures of the source."""
