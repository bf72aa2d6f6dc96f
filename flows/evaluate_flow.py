"""`python -m flows.evaluate_flow`: the same as `fashion-pggan flows run evaluate`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("flows", "run", "evaluate")
