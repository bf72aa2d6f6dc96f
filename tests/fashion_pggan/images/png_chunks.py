"""Chunks of PNG files."""

import struct
import zlib


def chunk(kind, content):
    """A chunk with its length and its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
