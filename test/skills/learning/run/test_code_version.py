# SPDX-License-Identifier: Apache-2.0
from vi_ik_ros.skills.learning.run import code_version as module


def test_version_names_the_code(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(module, "SKILLS", tmp_path)
    found = []
    for text in ("x = 1\n", "x = 2\n", "x = 1\n"):
        (tmp_path / "a.py").write_text(text)
        module.code_version.cache_clear()
        found.append(module.code_version())
    module.code_version.cache_clear()
    assert found[0] == found[2] != found[1]
    assert "+" in found[0]
