"""Recipes: what makes an image again."""

from pathlib import Path

import pytest

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from generate.sampling.recipe import Place, Recipe, read_recipe
from generate.sampling.sampler import Sampler, snapshots_in

# a PNG file of 57 bytes whose header says 2,147,483,647 x 2,147,483,647 px
SIDES = b"\x7f\xff\xff\xff" * 2
GIANT = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + SIDES + b"\x08\x02" + bytes(11) + b"IEND" + bytes(4)


def test_a_recipe_makes_the_same_image_again(models, sampler, tmp_path):
    place = Place(seed=3, latent_index=4, other_index=9, share=0.4, moves=[0.5, 0, -0.3], truncation=0.8)
    recipe = Recipe.of(place, sampler)
    (tmp_path / "one.png").write_bytes(recipe.png(recipe.image(sampler)))
    (tmp_path / "two.json").write_text(recipe.model_dump_json())
    for name in ("one.png", "two.json"):
        call("generate", str(models), "--recipe", str(tmp_path / name))
        again = tmp_path / f"{Path(name).stem}-again.png"
        assert again.read_bytes() == (tmp_path / "one.png").read_bytes()
    with pytest.raises(UserError, match="the recipe is for snapshot 000012"):
        recipe.check(Sampler.load(snapshots_in(models)[0]))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", b"{", "holds no recipe"),
        ("a.json", b"\xff\xfe", "is not text in UTF-8: save it as UTF-8"),
        ("a.json", b"[]", "is not a recipe"),
        ("a.json", b'{"seed": NaN, "latent_index": 1}', "is not a recipe: seed"),
        ("a.json", b'{"seed": 1, "latent_index": 1e300}', "is not a recipe: latent_index"),
        ("a.png", b"no image", "holds no recipe"),
        ("a.png", GIANT, "holds no recipe"),
        ("a.json", b"[" * 60_000, "nested deeper than 64 levels"),
        ("a.json", b"[" + b"1" * 5000 + b"]", "is not a recipe"),
        ("a.json", b" " * (1 << 17), "holds more than 65.5 KB"),
    ],
)
def test_what_is_no_recipe_is_said_to_be_none(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        read_recipe(tmp_path / name)
