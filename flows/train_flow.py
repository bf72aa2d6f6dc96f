"""`python -m flows.train_flow`: the same as `fashion-pggan flows run train`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("flows", "run", "train")
