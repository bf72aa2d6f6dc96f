"""The report: what was measured and what stages wrote in, one page for a person who decides out."""
