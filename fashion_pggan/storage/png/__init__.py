"""The chunks of PNG files, for those who decode images and for those who look for damage."""
