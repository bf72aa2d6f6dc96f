"""`python -m curate …`: the same as `fashion-pggan curate …`."""

from curate.command_line import app
from fashion_pggan.command.line import run

if __name__ == "__main__":
    run(*app.name)
