"""A small drawing board, 400 by 300 units, for pictures in flat colours."""

from collections.abc import Sequence
from typing import Final, Self

from PIL import Image, ImageDraw, ImageOps

Points = Sequence[tuple[float, float]]

WIDTH: Final = 400
HEIGHT: Final = 300
_SCALE: Final = 2  # pixels a unit in the finished picture
_OVERSAMPLE: Final = 2  # drawn larger and shrunk, which smooths the edges


class Scene:
    """A room: wall, floor, and what is put in it. Later shapes cover earlier ones."""

    def __init__(self, wall: str, floor: str, horizon: float = 215) -> None:
        self._k = _SCALE * _OVERSAMPLE
        self._image = Image.new("RGB", (WIDTH * self._k, HEIGHT * self._k), wall)
        self._pen = ImageDraw.Draw(self._image)
        self._turn, self._is_mirrored = 0, False
        self.box(0, horizon, WIDTH, HEIGHT, floor)

    def box(  # noqa: PLR0913, PLR0917 (four of them are one corner and the other)
        self, x0: float, y0: float, x1: float, y1: float, color: str, radius: float = 0
    ) -> Self:
        k = self._k
        self._pen.rounded_rectangle((x0 * k, y0 * k, x1 * k, y1 * k), radius * k, fill=color)
        return self

    def oval(self, x: float, y: float, rx: float, ry: float, color: str) -> Self:
        """An ellipse around its middle."""
        k = self._k
        self._pen.ellipse(((x - rx) * k, (y - ry) * k, (x + rx) * k, (y + ry) * k), fill=color)
        return self

    def disc(self, x: float, y: float, radius: float, color: str) -> Self:
        return self.oval(x, y, radius, radius, color)

    def ring(self, x: float, y: float, radius: float, color: str, width: float) -> Self:
        k = self._k
        around = ((x - radius) * k, (y - radius) * k, (x + radius) * k, (y + radius) * k)
        self._pen.ellipse(around, outline=color, width=round(width * k))
        return self

    def shape(self, points: Points, color: str) -> Self:
        self._pen.polygon([(x * self._k, y * self._k) for x, y in points], fill=color)
        return self

    def line(self, points: Points, color: str, width: float) -> Self:
        """A stroke with round ends and corners."""
        k = self._k
        scaled = [(x * k, y * k) for x, y in points]
        self._pen.line(scaled, fill=color, width=round(width * k), joint="curve")
        for x, y in (scaled[0], scaled[-1]):
            r = width * k / 2
            self._pen.ellipse((x - r, y - r, x + r, y + r), fill=color)
        return self

    def varied(self, turn: int = 0, *, mirrored: bool = False) -> Self:
        """The same thing as another has it: hues turned by *turn* of 256, facing the other way."""
        self._turn, self._is_mirrored = turn, mirrored
        return self

    def picture(self, width: int) -> Image.Image:
        """The finished picture, *width* pixels wide."""
        picture = self._image.resize((width, width * HEIGHT // WIDTH), Image.Resampling.BOX)
        # Changed when it is small: colors take their time by the pixel.
        if self._turn:
            hue, saturation, value = picture.convert("HSV").split()
            hue = hue.point([(tone + self._turn) % 256 for tone in range(256)])
            picture = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
        return ImageOps.mirror(picture) if self._is_mirrored else picture
