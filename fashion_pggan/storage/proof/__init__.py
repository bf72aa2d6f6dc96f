"""Files in; proof that this program wrote them, byte for byte, out."""
