"""Pacing: how each host has answered in; when it may be asked next out."""
