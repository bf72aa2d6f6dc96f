"""A shop's search API in; image bytes as received and a record of each out."""
