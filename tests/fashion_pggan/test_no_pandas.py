"""Arrow converts lists without pandas, which other code can still import."""

import subprocess
import sys

CODE = """
import sys
import pyarrow as pa
from fashion_pggan.no_pandas import without_pandas
without_pandas()
assert pa.Table.from_pylist([{"a": 1, "b": "x"}, {"a": None}])["a"].to_pylist() == [1, None]
assert "pandas" not in sys.modules
import pandas
assert pandas.DataFrame({"a": [1]})["a"].sum() == 1
"""


def test_arrow_converts_lists_without_pandas_which_others_can_import() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
