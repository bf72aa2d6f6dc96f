"""Whether a progressive JPEG has all its scans: without the last it decodes without a word, but blurred."""

import struct

START_OF_FRAME = range(0xC0, 0xD0)
NO_FRAME = (0xC4, 0xC8, 0xCC)  # tables, within that range
PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
ALONE = (0x01, *range(0xD0, 0xD9))  # markers without a length
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
COEFFICIENTS = 64


def is_complete(data: bytes) -> bool:
    """Whether every coefficient of every component comes to its last bit; true of what is not progressive.

    Source: ITU-T T.81, annexes B and G: a scan says which coefficients it refines, and to which bit.
    """
    precision: dict[int, list[int]] = {}  # by component: the lowest bit known of each coefficient
    place = 2
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 4 > len(data):
            break
        marker = data[place + 1]
        if marker in (0x00, 0xFF) or marker in ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == END_OF_IMAGE:
            break
        body = data[place + 4 : place + 2 + struct.unpack_from(">H", data, place + 2)[0]]
        if marker in START_OF_FRAME and marker not in NO_FRAME:
            if marker not in PROGRESSIVE or len(body) < 6 + 3 * body[5]:
                return True
            precision = {body[6 + 3 * index]: [14] * COEFFICIENTS for index in range(body[5])}
        elif marker == START_OF_SCAN:
            _refine(precision, body)
        place += 2 + max(struct.unpack_from(">H", data, place + 2)[0], 2)
    return all(bit == 0 for bits in precision.values() for bit in bits)


def _refine(precision: dict[int, list[int]], body: bytes) -> None:
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return
    first, last, bits = body[1 + 2 * count : 4 + 2 * count]
    for index in range(count):
        component = precision.get(body[1 + 2 * index])
        for coefficient in range(first, min(last, COEFFICIENTS - 1) + 1):
            if component:
                component[coefficient] = bits & 15
