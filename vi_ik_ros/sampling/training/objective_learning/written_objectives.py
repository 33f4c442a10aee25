# SPDX-License-Identifier: Apache-2.0
"""Write an objectives file, whole or not at all."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

WIDTH = 100  # columns of a line


def write_objectives(
    path: Path, document: Mapping[str, object], remarks: Sequence[str] = ()
) -> None:
    """Write a document as YAML; a reader sees the old file or the new one.

    Args:
        path: of the file; its directory exists.
        document: the objectives file as plain values.
        remarks: lines of a comment on top.
    """
    head = "".join(f"# {line}\n" for remark in remarks for line in remark.splitlines())
    body = yaml.safe_dump(
        dict(document), sort_keys=False, default_flow_style=None, width=WIDTH, allow_unicode=True
    )
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.writing-")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(head + "\n" * bool(head) + body)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the permissions that this process withholds; asking sets them."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
