"""Parameters, dataset and machine in; out, before the first step, a refusal of what would fail later."""
