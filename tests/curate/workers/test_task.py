"""A Dask worker computes only with the program that asks."""

import pickle

import pytest

from curate.workers.task import Task, environment
from fashion_pggan.errors import UserError


@pytest.mark.parametrize(
    ("file", "old", "new", "other"),
    [
        ("curate/pixels/measure.py", "LOOKED_AT = 512", "LOOKED_AT = 500", True),
        ("curate/report/contact_sheets.py", "SIDE = 128", "SIDE = 64", True),
        ("fashion_pggan/images/decode/opening.py", "range(5, 9)", "range(5, 8)", True),
        ("curate/pixels/measure.py", "LOOKED_AT = 512  # pixels", "LOOKED_AT = 512  # px", False),
    ],
)
def test_a_changed_number_in_any_folder_is_another_program_and_a_comment_is_not(
    program_copy, file, old, new, other
):
    before = environment.__wrapped__()
    program_copy(file, old, new)
    assert (environment.__wrapped__() != before) == other


def test_a_task_of_another_program_is_refused_where_it_is_unpickled(program_copy):
    task = pickle.dumps(Task(len, ["a"], 60))
    program_copy("curate/pixels/measure.py", "LOOKED_AT = 512", "LOOKED_AT = 500")
    environment.cache_clear()
    try:
        with pytest.raises(UserError, match=r"has program [0-9a-f]+, not [0-9a-f]+: install the same commit"):
            pickle.loads(task)
    finally:
        environment.cache_clear()
