"""A shop with faults: requests in; the answers of the worst hosts, and a ledger of them, out."""
