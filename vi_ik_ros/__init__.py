# SPDX-License-Identifier: Apache-2.0
"""Warm-start configurations and contact skills for robots, over ROS 2."""

import pkgutil

# A checkout holds no generated msg/, srv/, action/: let Python find the installed ones as well.
__path__ = pkgutil.extend_path(__path__, __name__)
