"""Networks and snapshots in; sample grids, strips and their spread out."""
