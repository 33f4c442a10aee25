# SPDX-License-Identifier: Apache-2.0
"""A controller that is none: three sockets that behave, and misbehave, like a COMAU's.

It stands here and not in the tests because `vi-ik bench safety-gate` needs it where no tests are
installed, and because it lets anybody try the COMAU backend without a robot.
"""
