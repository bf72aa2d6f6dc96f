"""A shop's search API in; picture bytes as received and a record of each out."""
