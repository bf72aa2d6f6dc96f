"""Prefect's server: started when none answers, with a key that every client needs."""
