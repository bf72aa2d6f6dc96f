"""Pages that a host sends in place of images: of its pace, or for images that are gone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

TRIES = 3  # times that an image is asked for again after a page, while its host is hardly known
SURE = 10  # images for which pages came again and again, before pages are taken as they are
MOST_TAKEN = 10  # pages between two looks


class Pages:
    """Whether a host's pages are refusals.

    They are where an image comes after a page, or a page for an image that the host has served before.
    """

    def __init__(self) -> None:
        self.known: Any = None  # the request that brought its last image
        self.images = 0  # that the host has served
        self.are_refusals = False
        self.stayed = 0  # images for which nothing but pages came
        self.looks = 0  # at an image served before, that brought it again
        self.left = 0  # pages to take as they are before the next look
        self.looking = asyncio.Lock()

    def image_came(self, request: Any) -> None:
        """Note the request that brought an image."""
        self.images += 1
        self.known = request
        self.are_refusals = self.are_refusals or "pages" in request.meta

    async def is_refusal(self, brings_a_page: Callable[[Any], Awaitable[bool]]) -> bool:
        """Whether a page that came now is a refusal.

        Args:
            brings_a_page: makes a request again; returns whether a page comes.
        """
        async with self.looking:
            if self.are_refusals or self.known is None:
                return self.are_refusals
            if self.left:
                self.left -= 1
                return False
            self.are_refusals = await brings_a_page(self.known)
            self.left = min(self.looks, MOST_TAKEN)
            self.looks += 1
            return self.are_refusals

    def may_pass(self, tried: int) -> bool:
        """Whether to ask again for an image that brought a page; `tried`: how often that was done before."""
        if self.stayed >= SURE:
            return False
        most = TRIES if self.known else 1  # its first images may still be on their way
        self.stayed += tried >= most
        return tried < most
