"""When something is due: after so many images, after so many seconds."""

import time


class EveryKimg:
    """Due whenever a multiple of an interval is passed, wherever the run was started.

    Args:
        kimg: the interval, in thousand images.
        images_shown: where the run stands.
    """

    def __init__(self, kimg: float, images_shown: int) -> None:
        self.kimg = kimg
        self.number = self._number(images_shown)

    def passed(self, images_shown: int) -> bool:
        """Whether a multiple was passed since the last question."""
        before, self.number = self.number, self._number(images_shown)
        return self.number > before

    def _number(self, images_shown: int) -> float:
        return images_shown // (self.kimg * 1000)


class EverySeconds:
    """Due once an interval of the wall clock is over since it was last begun."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Start the interval afresh."""
        self.began = time.monotonic()

    def over(self) -> bool:
        """Whether it is over."""
        return time.monotonic() - self.began >= self.seconds
