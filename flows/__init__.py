"""Prefect: when a stage runs, how often it is retried, and who is told.

Stages in, run by DVC; states, logs and artifacts out.
"""
