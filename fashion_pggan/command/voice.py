"""Of the processes that torchrun starts for one command, the first with an error to tell tells it."""

import os
from pathlib import Path

REPLY = "TORCHELASTIC_ERROR_FILE"  # in the environment: a file in this process's own folder, among theirs
SAID = "said"


def may_speak() -> bool:
    """Whether no other process of this command has told an error; from now on, this one has.

    A process that only ends because another did comes later than that one, and stays silent.
    """
    own = os.environ.get(REPLY)
    if not own:
        return True
    try:
        Path(own).parents[1].joinpath(SAID).touch(exist_ok=False)
    except FileExistsError:
        return False
    except (OSError, IndexError):  # the folder is not what torchrun makes: better twice than not at all
        return True
    return True
