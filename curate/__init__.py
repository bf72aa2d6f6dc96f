"""Curation: image bytes in; square images in shards by level, a manifest and a report out."""
