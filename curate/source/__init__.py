"""Where raw images lie and where they come from."""
