# SPDX-License-Identifier: Apache-2.0
"""Run a node by its name: `python -m vi_ik_ros.nodes sampler --ros-args -p threads:=1`."""

import signal
import sys
from importlib import import_module


def main() -> int:
    """Run the node that the first word names; Ctrl-C ends it, also while it is being imported."""
    for firmness in (signal.SIGINT, signal.SIGTERM):
        signal.signal(firmness, lambda *_: sys.exit(0))
    from vi_ik_ros.nodes.processes.node_process import NODES

    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in NODES:
        sys.stderr.write(f"node: got {name or 'nothing'}, expected one of {', '.join(NODES)}\n")
        return 2
    return import_module(NODES[name]).main()


if __name__ == "__main__":
    sys.exit(main())
