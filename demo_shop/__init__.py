"""A small shop on loopback with NAVER API HUB's search API: a catalogue in; search results and images out."""
