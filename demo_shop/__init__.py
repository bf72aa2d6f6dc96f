"""A small shop on loopback with the API of NAVER API HUB: a catalogue in; answers and images out."""
