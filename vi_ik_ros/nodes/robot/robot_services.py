# SPDX-License-Identifier: Apache-2.0
"""The services of a robot: convert, call, convert."""

import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from vi_ik_ros.exceptions import InvalidInput, NotNow, RobotFault, ViIkError
from vi_ik_ros.nodes.robot.loop.procedures import Procedures
from vi_ik_ros.srv import GoToConfiguration

USUAL_SPEED = 0.1  # part of full speed


class RobotServices:
    """What every robot is asked for.

    Args:
        node: whose services they are.
        procedures: what they call.
    """

    def __init__(self, node: Node, procedures: Procedures) -> None:
        self._node, self._procedures = node, procedures
        group = ReentrantCallbackGroup()  # most wait for control periods to pass
        node.create_service(SetBool, "enable", self._enable, callback_group=group)
        node.create_service(Trigger, "stop", self._stop, callback_group=group)
        for name, call in (
            ("clear_fault", procedures.clear_fault),
            ("tare", procedures.tare),
            ("go_start", procedures.go_start),
        ):
            node.create_service(Trigger, name, self._trigger(call), callback_group=group)
        node.create_service(
            GoToConfiguration, "~/go_to_configuration", self._go_to, callback_group=group
        )

    async def _enable(self, request: SetBool.Request, response: SetBool.Response) -> Any:  # noqa: ANN401
        async def call() -> str:
            return await self._procedures.enable() if request.data else self._procedures.disable()

        return await self._answered(call, response)

    def _stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = True, self._procedures.stop()
        return response

    def _trigger(self, call: Callable[[], Awaitable[str]]) -> Callable:
        async def answer(_: Trigger.Request, response: Trigger.Response) -> Any:  # noqa: ANN401
            return await self._answered(call, response)

        return answer

    async def _answered(self, call: Callable[[], Awaitable[str]], response: Any) -> Any:  # noqa: ANN401
        """Fill a response that has success and message."""
        try:
            response.message, response.success = await call(), True
        except ViIkError as error:
            response.message, response.success = str(error), False
        except Exception as error:  # A fault of ours must not end the node.
            response.message, response.success = log_fault(self._node, error), False
        return response

    async def _go_to(
        self, request: GoToConfiguration.Request, response: GoToConfiguration.Response
    ) -> GoToConfiguration.Response:
        async def call() -> str:
            if len(request.names) != len(request.positions):
                expected = f"one for each of {len(request.names)} names"
                raise InvalidInput("positions", f"{len(request.positions)} numbers", expected)
            positions = dict(zip(request.names, request.positions, strict=True))
            if len(positions) != len(request.names):
                raise InvalidInput("names", ", ".join(request.names), "each joint once")
            speed = request.speed_scale or USUAL_SPEED
            return await self._procedures.go_to_configuration(positions, speed)

        return await coded(self._node, call, response)


async def coded(node: Node, call: Callable[[], Awaitable[object]], response: Any) -> Any:  # noqa: ANN401
    """Fill a response that has error_code and error_msg."""
    try:
        await call()
    except NotNow as error:
        response.error_code, response.error_msg = response.REFUSED, str(error)
    except RobotFault as error:
        code = getattr(response, "FAULT", response.REFUSED)
        response.error_code, response.error_msg = code, str(error)
    except ViIkError as error:
        response.error_code, response.error_msg = response.INVALID_REQUEST, str(error)
    except Exception as error:  # A fault of ours must not end the node.
        response.error_code, response.error_msg = response.INTERNAL, log_fault(node, error)
    return response


def log_fault(node: Node, error: Exception) -> str:
    """Log an exception that nobody foresaw, and return it in one line."""
    trace = "".join(traceback.format_exception(error))
    node.get_logger().error(f"fault of the robot interface node, please report it:\n{trace}")
    return " ".join(f"{type(error).__name__}: {error}".split())
