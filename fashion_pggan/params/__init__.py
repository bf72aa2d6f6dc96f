"""params.yaml and presets in; frozen, strict, typed sections out."""
