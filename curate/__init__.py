"""Curation: picture bytes in; square pictures in shards by level, a manifest and a report out."""
