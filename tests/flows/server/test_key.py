"""The key of Prefect's server, where it is kept and who is sent it."""

import base64
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from prefect.context import refresh_global_settings_context

from fashion_pggan.errors import UserError
from flows.server import key as key_module
from flows.server import listener
from flows.server.key import SETTINGS, VARIABLE, key_file, key_to_start_with, tell_prefect, use, use_key_of

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh home of Prefect, and a folder without settings."""
    monkeypatch.setenv(VARIABLE, "")  # so that it is put back at the end
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    refresh_global_settings_context()
    yield tmp_path / "home"
    monkeypatch.undo()
    refresh_global_settings_context()


class Asking(HTTPServer):
    """A server that takes some keys and notes those it is sent."""

    def __init__(self, takes: set[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.takes, self.sent = takes, list[str]()
        self.url = f"http://127.0.0.1:{self.server_port}/api"


class _Answers(BaseHTTPRequestHandler):
    server: Asking

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Basic ")
        self.server.sent.append(base64.b64decode(token).decode())
        self.send_response(200 if self.server.sent[-1] in self.server.takes else 401)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[Asking]:
    asking = Asking(set())
    thread = threading.Thread(target=asking.serve_forever)
    thread.start()
    yield asking
    asking.shutdown()
    thread.join()
    asking.server_close()


def test_a_key_is_made_once_for_this_user_alone(home: Path) -> None:
    before = os.umask(0)
    try:
        key = key_to_start_with()
    finally:
        os.umask(before)
    assert key_file() == home / "fashion-pggan.key"
    assert stat.S_IMODE(key_file().stat().st_mode) == 0o600
    assert key.startswith("fashion-pggan:")
    assert len(key) > 50
    assert key_to_start_with() == key
    key_file().unlink()
    assert key_to_start_with() != key


def test_a_key_of_ones_own_in_the_environment_goes_first_and_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, "me:mine")
    assert key_to_start_with() == "me:mine"
    assert not key_file().exists()
    use("me:mine")
    assert tell_prefect(tmp_path) == []
    assert not (tmp_path / SETTINGS).exists()


def test_a_key_that_others_can_read_and_one_that_is_none_are_refused() -> None:
    key_to_start_with()
    key_file().chmod(0o644)
    with pytest.raises(
        UserError, match=r"is not yours alone \(mode 644\): delete it, make serve makes a new"
    ):
        key_to_start_with()
    key_file().chmod(0o600)
    for text in ("", "letters", "a:b\n[x]", "a:b c", 'a:"b'):
        key_file().write_text(text)
        with pytest.raises(UserError, match="holds no key such as name:letters: delete it"):
            key_to_start_with()


def test_a_key_in_a_folder_where_others_write_is_refused(home: Path) -> None:
    key_to_start_with()
    home.chmod(0o777)
    with pytest.raises(UserError, match=r"others may write in .*home, where the key is: run chmod o-w "):
        key_to_start_with()


def test_a_key_is_no_link_that_another_placed(home: Path, tmp_path: Path) -> None:
    home.mkdir(exist_ok=True)
    key_file().symlink_to(tmp_path / "theirs")
    with pytest.raises(UserError, match="is a link to nothing: delete it"):
        key_to_start_with()
    assert not (tmp_path / "theirs").exists()
    assert [path.name for path in home.iterdir()] == [key_file().name]


def test_another_users_server_is_sent_no_key(server: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    key_to_start_with()
    assert list(listener._listeners(server.server_port)) == [os.getuid()]
    monkeypatch.setattr(listener, "_listeners", lambda port: [4711])
    with pytest.raises(
        UserError, match=rf"another user \(number 4711\) listens at port {server.server_port}"
    ):
        use_key_of(server.url)
    assert server.sent == []


def test_prefect_in_this_folder_sends_the_key_and_nothing_says_it(tmp_path: Path) -> None:
    use(key := key_to_start_with())
    lines = tell_prefect(Path())
    assert f"export {VARIABLE}=$(cat {key_file()})" in lines[1]
    assert key not in "".join(lines)
    assert stat.S_IMODE(Path(SETTINGS).stat().st_mode) == 0o600
    before = Path(SETTINGS).read_text()
    tell_prefect(Path())
    assert Path(SETTINGS).read_text() == before
    program = "from prefect.settings import PREFECT_API_AUTH_STRING as it; print(it.value())"
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert said.stdout == f"{key}\n"


def test_settings_of_ones_own_stay_as_they_are(tmp_path: Path) -> None:
    use(key_to_start_with())
    Path(SETTINGS).write_text("[runner]\npoll_frequency = 9\n")
    _, line = tell_prefect(Path())
    assert line == (
        "prefect.toml is your own and stays as it is; before `prefect` run: "
        f"export {VARIABLE}=$(cat {key_file()})"
    )
    assert Path(SETTINGS).read_text() == "[runner]\npoll_frequency = 9\n"


def test_the_key_that_the_server_takes_is_found(server: Asking) -> None:
    key = key_to_start_with()
    server.takes = {key}
    use_key_of(server.url)
    assert os.environ[VARIABLE] == key
    server.takes = {"me:mine"}
    use("me:mine")
    use_key_of(server.url)
    assert os.environ[VARIABLE] == "me:mine"
    server.takes = {"another:key"}
    with pytest.raises(UserError, match=rf"{server.url} takes neither {VARIABLE} nor the key in .*: stop it"):
        use_key_of(server.url)


def test_a_server_without_a_key_is_used_with_a_warning(
    server: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    server.takes = {""}
    use_key_of(server.url)
    assert "asks for no key, so that any page in a browser here can have it run commands" in caplog.text
    assert tell_prefect(Path()) == []


def test_a_server_elsewhere_is_never_sent_the_kept_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_module, "takes", lambda *given: pytest.fail("it was asked"))
    use(key_to_start_with())
    use_key_of("https://prefect.example/api")
    assert os.environ[VARIABLE] == ""
    use("me:mine")
    use_key_of("https://prefect.example/api")
    assert os.environ[VARIABLE] == "me:mine"
