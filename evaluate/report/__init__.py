"""Distances and the stages' reports in; one page for the person who decides out."""
