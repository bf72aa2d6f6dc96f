import numpy as np
import pytest

from evaluate.worth.labelled_parts import Parts

HELD_OUT = range(0, 96, 3)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory, write_dataset, make_images):
    labels = ["shirt"] * 60 + ["hoodie"] * 30 + ["polo"] * 3 + [""] * 3
    return write_dataset(
        tmp_path_factory.mktemp("parts") / "curated", make_images(96, 16, seed=2), HELD_OUT, 0.3, labels
    )


def _parts(dataset, **options):
    return Parts.of(dataset, **{"seed": 0, "fewest": 4, "most": 1000, **options})


def test_no_image_is_in_both_parts_and_every_image_has_its_label(labelled):
    parts, outside = _parts(labelled), labelled.held_out
    assert parts.labels == ["hoodie", "shirt"]
    for label in parts.labels:
        place = labelled.label_names.index(label)
        assert not outside[parts.training[label]].any()
        assert outside[parts.held_out[label]].all()
        both = np.concatenate([parts.training[label], parts.held_out[label]])
        assert sorted(both) == np.flatnonzero(labelled.labels == place).tolist()


def test_a_label_with_too_few_images_is_left_out_by_name_with_its_numbers(labelled):
    parts = _parts(labelled)
    shown, hidden = parts.left_out["polo"]
    assert shown + hidden == 3
    assert parts.said_left_out() == [f"polo: {shown} for training, {hidden} held out"]


def test_of_more_images_than_wanted_each_label_keeps_its_share(labelled):
    whole, few = _parts(labelled), _parts(labelled, most=20)
    counts = {label: len(mine) for label, mine in few.training.items()}
    assert sum(counts.values()) in (19, 20)
    assert counts["shirt"] == pytest.approx(2 * counts["hoodie"], abs=2)
    assert all(set(few.training[label]) < set(whole.training[label]) for label in counts)
    assert all((few.held_out[label] == whole.held_out[label]).all() for label in counts)


def test_a_smaller_share_lies_within_a_larger_one_and_keeps_every_label(labelled):
    parts = _parts(labelled)
    small, large, whole = (parts.share(share, seed=3) for share in (0.01, 0.5, 1.0))
    for label in parts.labels:
        assert len(small[label]) == 1
        assert set(small[label]) < set(large[label]) < set(whole[label])
        assert len(whole[label]) == len(parts.training[label])


def test_another_seed_draws_another_share(labelled):
    parts = _parts(labelled)
    assert set(parts.share(0.3, 1)["shirt"]) != set(parts.share(0.3, 2)["shirt"])


def test_a_label_that_the_snapshot_does_not_know_is_left_out(labelled):
    parts = _parts(labelled).known_to({"shirt": 1.0, "hoodie": 0.0})
    assert parts.labels == ["shirt"]
    assert set(parts.left_out) == {"polo", "hoodie"}
