# SPDX-License-Identifier: Apache-2.0
"""`~/models`: what the store holds, latched, one message for each model that came or changed."""

from rclpy.node import Node

from vi_ik_ros.msg import ModelInfo
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.sampling.served_models import ServedModels

DEPTH = 256  # One latched message per model: a late reader gets the last of each.


class ModelAnnouncer:
    """Publishes the models of a node; the last message of a name counts."""

    def __init__(self, node: Node, models: ServedModels, default_model: str = "") -> None:
        """Make the publisher; `publish_changed` belongs in a timer.

        Args:
            node: the node that says what it knows.
            models: the models it knows.
            default_model: name of the one that a request without a name gets.
        """
        self._node, self._models, self._default = node, models, default_model
        self._publisher = node.create_publisher(ModelInfo, "~/models", latched(DEPTH))

    def publish_changed(self) -> None:
        """Publish what has changed since the last call; what was removed as a refusal."""
        changed = self._models.take_changed()
        infos = {info.name: info for info in self.infos()} if changed else {}
        for name in sorted(changed):
            self._publisher.publish(infos.get(name) or self._removed(name))

    def infos(self) -> list[ModelInfo]:
        """Describe every model."""
        from vi_ik_ros.nodes.sampling.conversions import model_info_to_msg

        stamp = self._node.get_clock().now().to_msg()
        return [
            model_info_to_msg(name, listed, is_default=name == self._default, stamp=stamp)
            for name, listed in self._models.listed().items()
        ]

    def _removed(self, name: str) -> ModelInfo:
        stamp = self._node.get_clock().now().to_msg()
        return ModelInfo(stamp=stamp, name=name, refusal="removed from the store")
