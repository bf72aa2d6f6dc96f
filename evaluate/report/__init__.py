"""Distances and the stages' reports in; report.html, with verdicts, curves and images, out."""
