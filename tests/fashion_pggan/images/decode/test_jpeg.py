import numpy as np
import pytest

from fashion_pggan.images.decode.jpeg import jpeg_pixels

SIZE = (400, 400)
QUALITIES = (50, 75, 90, 95, 100)
KINDS = [{}, {"optimize": True}, {"progressive": True}, {"restart_marker_rows": 1}]


def _decoded(data, mode="RGB"):
    return jpeg_pixels(data, mode, SIZE)


def _scan_of(data):
    """Where the data of the first scan begins."""
    start = data.index(b"\xff\xda")
    return start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")


def _refused(data):
    try:
        _decoded(data)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("options", KINDS, ids=str)
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", QUALITIES)
def test_a_whole_jpeg_has_its_pixels_and_one_with_zeros_in_it_has_none(
    photograph, product_shot, encode, pixels_of, options, subsampling, quality
):
    for image in (photograph, product_shot):
        data = encode(image, quality=quality, subsampling=subsampling, **options)
        np.testing.assert_array_equal(_decoded(data), pixels_of(data))
    data = encode(photograph, quality=quality, subsampling=subsampling, **options)
    begin, end = _scan_of(data), len(data) - 2
    half = (begin + end) // 2
    assert _refused(data[:half] + bytes(len(data) - half))
    assert _refused(data[:half] + bytes(end - half) + b"\xff\xd9")
    assert _refused(data[:half] + bytes(5) + b"\xff\xd9")
    assert _refused(data[:half] + b"\xff\xd9")
    assert _refused(data[:half])
    assert _refused(data[: end - 40])
    if options != {"progressive": True}:  # there a hole may fall into bits that nothing depends on
        assert _refused(data[:half] + bytes(512) + data[half + 512 :])


def test_zeros_in_place_of_the_last_bytes_are_refused_however_few(photograph, encode):
    data = encode(photograph, quality=90)
    assert all(_refused(data[: -2 - few] + bytes(few) + b"\xff\xd9") for few in range(4, 40))


def test_the_beginning_of_one_file_does_not_pass_with_the_end_of_another(photograph, product_shot, encode):
    first, second = encode(photograph, quality=92), encode(product_shot, quality=92)
    for share in (0.2, 0.4, 0.5, 0.6, 0.8):
        for one, other in ((first, second), (second, first)):
            assert _refused(one[: round(share * len(one))] + other[round(share * len(other)) :])


@pytest.mark.parametrize("quality", [30, 90, 100])
@pytest.mark.parametrize("options", KINDS, ids=str)
def test_fill_behind_the_data_does_no_harm_and_fill_in_its_place_is_refused(
    photograph, encode, options, quality
):
    data = encode(photograph, quality=quality, **options)
    for fill in (bytes(7), bytes(3000), b" " * 5, b"\xff" * 9):
        np.testing.assert_array_equal(_decoded(data[:-2] + fill + b"\xff\xd9"), _decoded(data))
        np.testing.assert_array_equal(_decoded(data[:-2] + fill), _decoded(data))
    assert _refused(data[:-120] + bytes(3000) + b"\xff\xd9")


def test_what_stands_between_segments_or_behind_the_end_does_no_harm(photograph, encode):
    data = encode(photograph, quality=90)
    for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda"):
        at = data.index(marker)
        for stray in (bytes(7), b"\r\n", b"\xff\xff", bytes(range(1, 30))):
            np.testing.assert_array_equal(_decoded(data[:at] + stray + data[at:]), _decoded(data))
    for behind in (b"<html></html>", bytes(5000), data[: len(data) // 2]):
        np.testing.assert_array_equal(_decoded(data + behind), _decoded(data))
    progressive = encode(photograph, progressive=True)
    at = progressive.rindex(b"\xff\xc4")
    stray = progressive[:at] + bytes(7) + progressive[at:]
    np.testing.assert_array_equal(_decoded(stray), _decoded(progressive))


@pytest.mark.parametrize("at", ["revision", "transform", "spectrum"])
def test_header_bytes_that_decoders_pass_over_hide_no_missing_half(photograph, encode, at):
    whole = encode(photograph.convert("CMYK") if at == "transform" else photograph, quality=95)
    mode = "CMYK" if at == "transform" else "RGB"
    place = {"revision": 11, "transform": whole.find(b"Adobe") + 11, "spectrum": _scan_of(whole) - 1}[at]
    odd = bytearray(whole)
    odd[place] = 7
    assert _decoded(bytes(odd), mode).shape == (*SIZE, len(mode))
    half = len(odd) // 2
    with pytest.raises(ValueError, match=r"Corrupt|zeros"):
        _decoded(bytes(odd[:half] + bytes(len(odd) - half)), mode)


def test_a_jpeg_in_one_component_per_scan_that_lacks_the_last_is_refused(photograph, encode):
    data = encode(photograph, progressive=True)
    sequential = data.replace(b"\xff\xc2", b"\xff\xc1", 1)  # all coefficients would have to come at once
    assert _refused(sequential[: sequential.index(b"\xff\xda", _scan_of(sequential))] + b"\xff\xd9")


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded(photograph, encode):
    data = encode(photograph, progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(ValueError, match="scans"):
        _decoded(data[:-2] + data[last:-2] * 600 + b"\xff\xd9")


def test_a_jpeg_of_another_size_than_announced_is_refused(photograph, encode):
    with pytest.raises(ValueError, match="two sizes"):
        jpeg_pixels(encode(photograph), "RGB", (399, 400))


def test_an_end_in_place_of_a_restart_is_refused_also_with_few_bytes_before_it(photograph, encode):
    data = encode(photograph, quality=90, restart_marker_rows=2)
    at = data.index(b"\xff\xd5")
    for few in range(9):
        assert _refused(data[:at] + bytes(range(1, few + 1)) + b"\xff\xd9" + data[at + 2 :])
