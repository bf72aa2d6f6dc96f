"""An image file's bytes (JPEG, PNG, WebP, AVIF, ...) in; upright eight-bit sRGB pixels out, or an error."""
