# SPDX-License-Identifier: Apache-2.0
"""Robot descriptions, reference kinematics (pinocchio) and batched kinematics (torch)."""
