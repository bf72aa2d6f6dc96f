"""One HTTP answer: its headers and first bytes in; whether it is wanted, and the reason, out."""
