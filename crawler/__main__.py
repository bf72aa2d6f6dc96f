"""`python -m crawler …`: the same as `fashion-pggan crawl …`."""

from crawler.command_line import app
from fashion_pggan.command.line import run

if __name__ == "__main__":
    run(*app.name)
