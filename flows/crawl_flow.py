"""`python -m flows.crawl_flow`: the same as `fashion-pggan flows run crawl`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("flows", "run", "crawl")
