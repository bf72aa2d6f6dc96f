import re
import subprocess

import pytest

from fashion_pggan import provenance
from fashion_pggan.provenance import commit_of, cores, git_commit

MODULE = '"""What it is."""\n\nLIMIT = 3\n'
CHANGED = " with changes that are not committed"


class Repository:
    """A git repository that holds a package, `shop`."""

    def __init__(self, folder):
        self.folder = folder
        self.git("init", "-q")
        self.commit("first", MODULE)

    def git(self, *arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        ended = subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)
        return ended.stdout.decode().strip()

    def write(self, text, name="shop/module.py"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message, text, name="shop/module.py"):
        self.write(text, name)
        self.git("add", ".")
        self.git("commit", "-qm", message)

    @property
    def head(self):
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "REPOSITORY", tmp_path)
    monkeypatch.setattr(provenance, "PACKAGES", ("shop",))
    return Repository(tmp_path)


def said(commit, note=""):
    return re.compile(rf"fashion-pggan \S+, commit {commit[:7]}{note}")


def test_the_commit_is_the_last_that_changed_what_the_packages_compute(repository):
    first = repository.head
    repository.commit("elsewhere", "x = 1\n", "other.py")
    repository.commit("a remark", MODULE + "# a remark\n")
    repository.commit("a docstring", MODULE.replace("What it is", "A module"))
    assert git_commit() == first
    assert said(first).fullmatch(commit_of("shop"))
    repository.commit("a number", MODULE.replace("3", "4"))
    assert git_commit() == repository.head != first


@pytest.mark.parametrize("name", ["shop/new.py", "shop/page.css"])
def test_a_commit_that_adds_or_removes_a_file_is_named(repository, name):
    repository.commit("added", "x = 1\n", name)
    added = repository.head
    assert git_commit() == added
    repository.git("rm", "-q", name)
    repository.git("commit", "-qm", "removed")
    assert git_commit() == repository.head != added


def test_changes_that_are_not_committed_are_told_unless_they_are_remarks(repository):
    first = repository.head
    repository.write(MODULE + "# a remark\n")
    assert git_commit() == first
    assert said(first).fullmatch(commit_of("shop"))
    repository.write(MODULE.replace("3", "4"))
    assert git_commit() == f"{first}-dirty"
    assert said(first, CHANGED).fullmatch(commit_of("shop"))


@pytest.mark.parametrize("text", ["x = 1\n", "x = (\n"])
def test_a_new_file_is_a_change(repository, text):
    repository.write(text, "shop/new.py")
    assert commit_of("shop").endswith(CHANGED)


def test_a_module_that_is_no_python_is_a_change(repository):
    repository.write("x = (\n")
    assert commit_of("shop").endswith(CHANGED)


def test_outside_git_there_is_no_commit(repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert re.fullmatch(r"fashion-pggan \S+", commit_of("shop"))
    assert git_commit() == "unknown"


def test_the_commit_of_another_project_around_an_installed_program_is_not_its_own(repository, monkeypatch):
    """As in an environment inside another project's repository, which does not hold the program."""
    repository.write(MODULE, "installed/shop/module.py")
    repository.write("installed\n", ".gitignore")
    monkeypatch.setattr(provenance, "REPOSITORY", repository.folder / "installed")
    assert git_commit() == "unknown"


def test_a_machine_is_named_by_its_processor():
    assert re.fullmatch(r"\d+ x \S.*", cores())
