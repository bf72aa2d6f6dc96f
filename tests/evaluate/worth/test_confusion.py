import numpy as np
import pytest

from evaluate.worth.confusion import Confusion


def test_balanced_accuracy_counts_each_label_alike_and_the_gain_is_above_guessing():
    true = np.array([0] * 8 + [1] * 2)
    given = np.array([0] * 8 + [0, 1])
    table = Confusion.of(true, given, 2)
    assert table.counts.tolist() == [[8, 0], [1, 1]]
    assert table.recalls.tolist() == [1.0, 0.5]
    assert (table.accuracy, table.majority) == (0.9, 0.8)
    assert (table.balanced, table.gain) == (0.75, 0.25)


@pytest.mark.parametrize("guess", [0, 1, 2])
def test_a_guess_of_one_label_gains_nothing(guess):
    true = np.array([0, 0, 0, 1, 2])
    assert Confusion.of(true, np.full(5, guess), 3).gain == pytest.approx(0)
