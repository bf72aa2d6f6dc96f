"""Prefect: when a stage runs, how often again, who hears of it.

In go the stages, by DVC alone; out come states, logs and artifacts.
"""
