"""What make hands to the shell."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
OF_A_MAKE_ABOVE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # with these make names the folder that it leaves


@pytest.mark.parametrize("name", ["plain dir", "it's mine", "a; touch b", "`touch b`"])
@pytest.mark.parametrize(
    ("target", "variable", "form"), [("use", "IMAGES", 'crawl.shop_images="{}"'), ("explore", "MODELS", "{}")]
)
def test_a_name_is_one_word_to_the_shell(target: str, variable: str, form: str, name: str) -> None:
    done = subprocess.run(
        ["make", "-n", "-o", "environment", target, "PRESET=photos", f"{variable}={name}"],
        cwd=REPOSITORY,
        env={key: value for key, value in os.environ.items() if key not in OF_A_MAKE_ABOVE},
        capture_output=True,
        text=True,
        check=True,
    )
    assert form.format(name) in shlex.split(done.stdout.splitlines()[-1])


def test_settings_are_one_word_to_the_shell_whatever_they_hold() -> None:
    settings = """curate.styles=[flat, worn] crawl.shop_images="Kim's tops" """.strip()
    done = subprocess.run(
        ["make", "-n", "-o", "environment", "use", "PRESET=photos", f"SET={settings}"],
        cwd=REPOSITORY,
        env={key: value for key, value in os.environ.items() if key not in OF_A_MAKE_ABOVE},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shlex.split(done.stdout.splitlines()[-1])[-2:] == ["--set", settings]
