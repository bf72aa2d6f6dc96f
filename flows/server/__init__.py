"""Prefect's server: started where none answers, with a key that it asks of everybody."""
