"""Arrow without pandas, which it imports for the first list that it converts, if pandas is installed."""

import sys
from contextlib import suppress

import pyarrow as pa


def without_pandas() -> None:
    """Have Arrow take pandas for missing in this process, unless it is imported already.

    The import takes half as long as all others of a stage together. Other code can still import pandas.
    """
    if "pandas" in sys.modules:
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]  # so Python marks a module that is not there
    try:
        for _ in range(2):  # Arrow looks for it in two places; after the first it may give up
            with suppress(ImportError, AttributeError):
                pa.array([0, None])
    finally:
        del sys.modules["pandas"]
