"""Parameters, dataset and machine in; an error before the first step, if training would fail later, out."""
