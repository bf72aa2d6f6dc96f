"""A checkout and the folder .gpu in; figures of a borrowed GPU beside goals, and a tarball, out.

Only the standard library is imported here: what the steps need is unpacked first.
"""
