"""Measurements, which no test asserts: a parameters file in; a table out."""
