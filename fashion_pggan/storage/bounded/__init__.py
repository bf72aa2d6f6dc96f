"""Untrusted files in; their values out, within fixed limits of size and memory."""
