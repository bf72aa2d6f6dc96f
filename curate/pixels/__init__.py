"""Bytes in; upright sRGB pixels and plain measures of them out."""
