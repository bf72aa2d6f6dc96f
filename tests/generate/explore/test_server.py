"""The explorer's server, and what keeps it from starting."""

import http.client
import io
import json
import re
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from generate.sampling.recipe import read_recipe
from generate.sampling.sampler import Sampler, snapshots_in


def get(address, **headers):
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def test_an_image_is_the_samplers_and_holds_its_recipe(explorer, trained, tmp_path):
    png = get(f"{explorer}image.png?seed=5&latent_index=3")
    sampler = Sampler.load(snapshots_in(trained / "models")[-1])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), sampler.images(5, [3])[0])
    (tmp_path / "saved.png").write_bytes(png)
    (tmp_path / "saved.json").write_bytes(get(f"{explorer}recipe.json?seed=5&latent_index=3"))
    assert read_recipe(tmp_path / "saved.png") == read_recipe(tmp_path / "saved.json")


def test_neighbours_are_found_and_shown(explorer):
    near = json.loads(get(f"{explorer}near?seed=5&latent_index=5"))
    assert near[0] == {"index": 1, "number": 1, "mirrored": True, "distance": 0.0}
    assert len(near) == 6
    made = np.asarray(Image.open(io.BytesIO(get(f"{explorer}image.png?seed=5&latent_index=5"))))
    shown = np.asarray(Image.open(io.BytesIO(get(f"{explorer}training/1.png"))))
    np.testing.assert_array_equal(made, shown[:, ::-1])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("image.png", 400),
        ("image.png?seed=nan&latent_index=0", 400),
        ("image.png?seed=-1&latent_index=0", 400),
        ("image.png?seed=1&latent_index=" + "9" * 4000, 400),
        ("image.png?seed=1&latent_index=1.5", 400),
        ("image.png?seed=1&latent_index=1&share=NaN", 400),
        ("image.png?seed=1&latent_index=1&share=1e999", 400),
        ("image.png?seed=1&latent_index=1&moves=inf", 400),
        ("image.png?seed=1&latent_index=1&moves=3", 400),
        ("image.png?seed=1&latent_index=1&moves=" + ",".join(["0"] * 99), 400),
        ("image.png?seed=1&latent_index=1&truncation=-1", 400),
        ("image.png?seed=1&latent_index=1&snapshot=/etc/passwd", 400),
        ("near?seed=&latent_index=1", 400),
        ("recipe.json?seed=1&latent_index=%00", 400),
        ("training/99999.png", 400),
        ("training/-1.png", 404),
        ("training/..%2f..%2fetc%2fpasswd", 404),
        ("../../etc/passwd", 404),
        ("explore.py", 404),
    ],
)
def test_bad_requests_are_refused_in_a_line(explorer, path, status):
    address = re.match(r"http://([^:/]+):(\d+)", explorer)
    connection = http.client.HTTPConnection(address[1], int(address[2]), timeout=30)
    connection.request("GET", f"/{path}")
    answer = connection.getresponse()
    text = json.loads(answer.read())["error"]
    connection.close()
    assert answer.status == status
    assert text
    assert len(text.splitlines()) == 1
    assert len(text) < 600


@pytest.mark.parametrize("host", ["shop.example", "127.0.0.1.shop.example", "localhost.shop.example:80", ""])
def test_other_host_names_are_refused(explorer, host):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(explorer, Host=host)
    assert refused.value.code in (400, 403)
    refused.value.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "no snapshot at nowhere"),
        (["{empty}"], "no snapshots in"),
        (["{models}", "--port", "99999"], "--port 99999"),
        (["{models}", "--port", "{busy}"], "is in use"),
    ],
)
def test_what_keeps_it_from_starting_is_said(trained, tmp_path, busy_port, arguments, says):
    given = [one.format(empty=tmp_path, models=trained / "models", busy=busy_port) for one in arguments]
    with pytest.raises(UserError, match=says):
        call("explore", *given)
