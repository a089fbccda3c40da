"""Pictures in: whatever a phone sends becomes three small WebP files, or a sentence.

The bytes uploaded are never stored. What is stored is what we drew ourselves from the
pixels: upright, in sRGB, without EXIF, GPS, comments or anything hidden behind the image.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any, Final

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps
from pillow_heif import register_heif_opener

from listings.models import Listing, Photo

register_heif_opener()

MAX_BYTES: Final = 12 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MAX_PHOTOS: Final = 10
IMAGE_SIDE: Final = 1600
THUMBNAIL_SIDE: Final = 640
SMALL_SIDE: Final = 240

# The decoders that may see a stranger's bytes; Pillow has many more.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF")
_SRGB: Final = ImageCms.createProfile("sRGB")


class NotAPhoto(ValueError):
    """The upload cannot be shown; the message says why, for the person who sent it."""


@dataclass(frozen=True)
class EncodedPhoto:
    """WebP bytes, the longer side at most 1600, 640 and 240 pixels; what it looks like."""

    image: bytes
    thumbnail: bytes
    small: bytes
    fingerprint: int | None


def encode(upload: "UploadedFile[Any]") -> EncodedPhoto:
    """*upload* as we keep it; ``NotAPhoto`` when it is no picture or too big a one."""
    if upload.file is None or (upload.size or 0) > MAX_BYTES:
        raise NotAPhoto(
            _("This picture is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2}
        )
    picture = _decode(upload.file)
    return encoded(picture)


def encoded(picture: Image.Image) -> EncodedPhoto:
    """An upright RGB *picture* as we keep it."""
    return EncodedPhoto(
        _webp(picture, IMAGE_SIDE),
        _webp(picture, THUMBNAIL_SIDE),
        _webp(picture, SMALL_SIDE),
        fingerprint(picture),
    )


def fingerprint(picture: Image.Image) -> int:
    """64 bits, one for each of 8 by 8 steps from left to right: brighter or not.

    The same for copies that were scaled or saved anew. As a signed number, for the database.
    """
    gray = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = (gray[9 * y + x] < gray[9 * y + x + 1] for y in range(8) for x in range(8))
    unsigned = int("".join("01"[bit] for bit in bits), 2)
    return unsigned - (unsigned >> 63 << 64)


def attach(listing: Listing, photos: Iterable[EncodedPhoto]) -> None:
    """Add *photos* behind those that the listing has."""
    with transaction.atomic():
        # One at a time, so that two uploads do not choose the same position.
        Listing.objects.select_for_update().get(pk=listing.pk)
        last = listing.photos.aggregate(last=Max("position"))["last"] or 0
        for position, photo in enumerate(photos, start=last + 1):
            kept = Photo(listing=listing, position=position)
            fill(kept, photo)
            kept.save()


def fill(photo: Photo, content: EncodedPhoto) -> None:
    """Let *photo* show *content*. Its files are written when it is saved."""
    photo.image = ContentFile(content.image, name="photo.webp")
    photo.thumbnail = ContentFile(content.thumbnail, name="photo.webp")
    photo.small = ContentFile(content.small, name="photo.webp")
    photo.fingerprint = content.fingerprint


def _decode(file: IO[bytes]) -> Image.Image:
    """The picture in *file*: RGB, upright, no larger than needed."""
    try:
        picture = Image.open(file, formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPhoto(_too_many_pixels()) from None
    except Exception:  # noqa: BLE001 (a decoder fed with a stranger's bytes raises anything)
        raise NotAPhoto(_("This is not a JPEG, PNG, WebP or HEIC picture.")) from None
    # The header tells the size; decoding is what would fill the memory.
    if picture.width * picture.height > MAX_PIXELS:
        raise NotAPhoto(_too_many_pixels())
    try:
        picture.draft("RGB", (IMAGE_SIDE, IMAGE_SIDE))
        # The first picture of an animation; the others are never decoded.
        picture.load()
        # Made small first, so that turning it does not take the memory twice.
        picture.thumbnail((IMAGE_SIDE, IMAGE_SIDE))
        return _flat(ImageOps.exif_transpose(picture))
    except Exception:  # noqa: BLE001 (the same: truncated and broken files end here)
        raise NotAPhoto(_("This picture is damaged or incomplete.")) from None


def _flat(picture: Image.Image) -> Image.Image:
    """RGB in sRGB colours on white: phones photograph in wider ones, and the profile goes."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode == "RGB":
        try:
            converted = ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), _SRGB
            )
        except (ImageCms.PyCMSError, OSError):
            converted = None  # A broken profile costs colour, not the picture.
        picture = converted or picture
    if picture.has_transparency_data:
        with_alpha = picture.convert("RGBA")
        picture = Image.new("RGB", picture.size, "white")
        picture.paste(with_alpha, mask=with_alpha)
    return picture.convert("RGB")


def _webp(picture: Image.Image, side: int) -> bytes:
    small = picture.copy()
    small.thumbnail((side, side))
    out = io.BytesIO()
    # Pillow's WebP writer puts metadata in only when it is asked to.
    small.save(out, "WEBP", quality=82, method=4)
    return out.getvalue()


def _too_many_pixels() -> str:
    return _("This picture has more than %(count)s megapixels.") % {
        "count": MAX_PIXELS // 1_000_000
    }
