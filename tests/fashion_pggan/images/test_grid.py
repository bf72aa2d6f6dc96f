from fashion_pggan.images.grid import STRIP_ROWS, evenly


def test_few_snapshots_are_all_shown():
    assert evenly([0, 1, 5], 3) == [0, 1, 2]
    assert evenly([]) == []


def test_of_many_those_are_shown_that_are_even_over_the_run_with_first_and_last():
    assert evenly(range(101), 5) == [0, 25, 50, 75, 100]
    assert len(evenly(range(1000))) == STRIP_ROWS


def test_snapshots_that_crowd_at_one_place_are_shown_once():
    assert evenly([0, 1, 2, 3, 100], 4) == [0, 3, 4]
