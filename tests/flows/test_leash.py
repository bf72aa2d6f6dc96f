import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("/usr/sbin/nologin", "/bin/sh"),
        ("/bin/false", "/bin/sh"),
        ("", "/bin/sh"),
        (None, "/bin/sh"),
        ("/bin/bash", "/bin/bash"),
        ("/usr/bin/fish", "/usr/bin/fish"),
    ],
)
def test_stages_start_by_a_shell_also_where_the_account_has_none(tmp_path, monkeypatch, given, used):
    (tmp_path / "telling.py").write_text("import os\nprint(os.environ['SHELL'])\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.delenv("SHELL", raising=False)
    if given is not None:
        monkeypatch.setenv("SHELL", given)
    command = [sys.executable, "-m", "flows.leash", "--grace-s", "5", "telling"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == f"{used}\n"
