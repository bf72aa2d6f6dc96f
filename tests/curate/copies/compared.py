"""Images in; which of them are copies out: what the tests of this folder share."""

import io
from dataclasses import fields

import numpy as np
from PIL import Image

from curate.copies.candidates import Fingerprints
from curate.copies.closer import closer_look
from curate.copies.pairs import copies_among
from curate.facts.fingerprint import Fingerprint, fingerprint_of
from curate.facts.view import View


def fingerprints(images):
    prints = [fingerprint_of(np.ascontiguousarray(pixels)) for pixels in images]
    names = [field.name for field in fields(Fingerprint)]
    return Fingerprints.of(
        {
            name: np.concatenate([getattr(each, name).ravel().view(np.uint8) for each in prints])
            for name in names
        }
    )


def copies(images, near_bits=32, **more):
    new = np.ones(len(images), dtype=bool)
    found = copies_among(fingerprints(images), new, near_bits, looks_at(images), **more)
    return {tuple(pair) for pair in found.tolist()}


def looks_at(images):
    def looks_of(places):
        return {place: closer_look(View(np.ascontiguousarray(images[place]))).closer for place in places}

    return looks_of


def encoded(pixels, quality):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))
