"""Image files in; upright eight-bit sRGB pixels out, or the reason why not."""
