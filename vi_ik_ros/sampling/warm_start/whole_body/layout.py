# SPDX-License-Identifier: Apache-2.0
"""Names of the columns of the arrays that the compiled loops share."""

# Row of one coordinate, (D, COLUMNS): limits [rad or m] and kind.
LOWER, UPPER, STRAIGHT, CONTINUOUS = 0, 1, 2, 3
# Its value, axis and a point of the axis in the root frame; one step: first order, pull to
# mid-range, whether the coordinate is free.
Q, AXIS, ORIGIN, STEP, PULL, FREE, COLUMNS = 4, 5, 8, 11, 12, 13, 14

# Row of one joint, then one of the base, (J + 1, BODY_COLUMNS): placement in the frame before
# (3 x 4, row-major; of the base: T_root_world, then R_world_base at rotation vector zero), share
# of the whole mass, centre times that share in the moved frame [m].
PLACEMENT, NOMINAL, SHARE, CENTER = 0, 12, 21, 22
# T_root_joint (3 x 4) after the joint has moved; share and centre of all that it carries.
MOVED, CARRIED_SHARE, CARRIED, BODY_COLUMNS = 25, 37, 38, 41

# Row of one frame, (F, FRAME_COLUMNS): placement behind its joint, rows of the residual (6: pose,
# 3: position, 0: none), weight in the point that the centre of mass is measured from.
ROWS, REFERENCE, FRAME_COLUMNS = 12, 13, 26
PLACED = 14  # T_root_frame (3 x 4)

# Row of one half-plane, (H, PLANE_COLUMNS): outward direction (3), bound [m], what is left to the
# bound, the row of the residual that it has while it is active (-1: none).
DIRECTION, BOUND, SLACK, ACTIVE, PLANE_COLUMNS = 0, 3, 4, 5, 6
