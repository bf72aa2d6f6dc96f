"""robots.txt: its bytes in; whether a URL may be asked for, and the delay, out."""
