"""`python -m crawler …`: the same as `fashion-pggan crawl …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("crawl")
