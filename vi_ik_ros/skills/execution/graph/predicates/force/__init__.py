# SPDX-License-Identifier: Apache-2.0
"""What is felt: forces of the tool on the environment, along the task frame."""
