"""The command line `fashion-pggan`: its commands, options, and how each ends."""
