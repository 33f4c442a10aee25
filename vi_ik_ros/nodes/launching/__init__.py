# SPDX-License-Identifier: Apache-2.0
"""What the launch files share; only they import it, where ROS 2's launch is installed."""
