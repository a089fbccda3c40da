"""Pictures come in from phones and from people who mean harm; only pixels get through."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from pillow_heif import from_pillow

from listings.models import Photo
from listings.selling import gallery
from listings.selling.photos import (
    IMAGE_SIDE,
    MAX_BYTES,
    SMALL_SIDE,
    THUMBNAIL_SIDE,
    NotAPhoto,
    attach,
    encode,
)
from tests.listings.factories import ListingFactory, add_photo, picture, upload

RED, BLUE = (254, 0, 0), (0, 0, 254)


def opened(webp: bytes) -> Image.Image:
    return Image.open(io.BytesIO(webp), formats=["WEBP"])


def is_close(pixel: tuple[int, ...], color: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(pixel, color, strict=True))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises a large picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def heic() -> bytes:
    out = io.BytesIO()
    from_pillow(Image.open(io.BytesIO(picture("PNG", (96, 64))))).save(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_becomes_webp_in_three_sizes(kind):
    photo = encode(upload(picture(kind, (2000, 1500))))

    assert opened(photo.image).size == (IMAGE_SIDE, 1200)
    assert opened(photo.thumbnail).size == (THUMBNAIL_SIDE, 480)
    assert opened(photo.small).size == (SMALL_SIDE, 180)


def test_heic_from_an_iphone_is_read():
    image = opened(encode(upload(heic(), "IMG_1.HEIC")).image)

    assert image.size == (96, 64)
    assert is_close(image.getpixel((5, 5)), RED)


def test_small_picture_is_not_blown_up():
    assert opened(encode(upload(picture(size=(80, 60)))).image).size == (80, 60)


def test_sideways_photo_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate 90 degrees clockwise to see it right

    image = opened(encode(upload(picture(size=(80, 60), exif=exif))).image)

    assert image.size == (60, 80)
    assert is_close(image.getpixel((30, 5)), RED)
    assert is_close(image.getpixel((30, 75)), BLUE)


def test_place_camera_and_comment_are_dropped():
    exif = Image.Exif()
    exif[0x010F] = "Maker of cameras"
    exif.get_ifd(0x8825)[2] = (37.0, 46.0, 30.0)
    original = picture(exif=exif, comment=b"at my house")

    image = opened(encode(upload(original)).image)

    assert Image.open(io.BytesIO(original)).getexif().get_ifd(0x8825)
    assert not image.getexif()
    assert set(image.info) <= {"loop", "background", "timestamp", "duration"}


def test_what_is_hidden_behind_the_picture_is_dropped():
    photo = encode(upload(picture() + b"<script>alert(1)</script>"))

    assert b"<script>" not in photo.image + photo.thumbnail


def test_colors_are_converted_before_their_profile_goes():
    """The profile here calls red what everybody else calls blue."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"____").replace(b"bXYZ", b"rXYZ").replace(b"____", b"bXYZ")

    image = opened(encode(upload(picture("PNG", icc_profile=swapped))).image)

    assert "icc_profile" not in image.info
    assert is_close(image.getpixel((5, 5)), BLUE)


def test_broken_color_profile_costs_nothing():
    assert opened(encode(upload(picture(icc_profile=b"nonsense"))).image).size == (80, 60)


def test_transparent_png_lies_on_white():
    out = io.BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(out, "PNG")

    assert opened(encode(upload(out.getvalue())).image).getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"\xff\xd8\xff\xe0 not really",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        picture("GIF"),
        picture("TIFF"),
        picture("BMP"),
        b"",
    ],
    ids=["svg", "html", "jpeg magic", "postscript", "gif", "tiff", "bmp", "empty"],
)
def test_what_is_no_photo_is_refused_whatever_it_is_called(content):
    with pytest.raises(NotAPhoto, match="not a JPEG, PNG, WebP or HEIC"):
        encode(upload(content, "table.jpg"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_truncated_picture_is_refused(kind):
    whole = picture(kind, (400, 300))

    with pytest.raises(NotAPhoto, match=r"damaged or incomplete|not a JPEG"):
        encode(upload(whole[: len(whole) * 2 // 3]))


@pytest.mark.parametrize(
    "size", [(8000, 5001), (20000, 20000), (50000, 50000), (2**31 - 1, 2**31 - 1)]
)
def test_decompression_bomb_is_refused_by_its_header(size):
    with pytest.raises(NotAPhoto, match="megapixels"):
        encode(upload(png_claiming(*size)))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animation_shows_its_first_picture_alone(kind):
    first = Image.new("RGB", (40, 30), "red")
    others = [Image.new("RGB", (40, 30), (0, 0, n % 256)) for n in range(1000)]
    out = io.BytesIO()
    first.save(out, kind, save_all=True, append_images=others, duration=1)

    assert is_close(opened(encode(upload(out.getvalue())).image).getpixel((9, 9)), RED)


def test_later_pictures_of_an_animation_are_never_decoded():
    """Those here are nonsense, which decoding would stumble upon."""
    out = io.BytesIO()
    frames = [Image.effect_noise((80, 60), 99).convert("RGB") for _ in range(3)]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:], duration=1)
    start = out.getvalue().index(b"fdAT") + 8
    broken = out.getvalue()[:start] + b"\xff" * 100 + out.getvalue()[start + 100 :]

    assert opened(encode(upload(broken)).image).size == (80, 60)


def test_file_that_is_too_large_is_refused_unread():
    with pytest.raises(NotAPhoto, match="larger than 12 MB"):
        encode(upload(b"x" * (MAX_BYTES + 1)))


@pytest.mark.django_db
def test_photos_keep_their_order_behind_those_that_are_there():
    listing = ListingFactory()
    first = add_photo(listing)

    attach(listing, [encode(upload()), encode(upload())])

    assert [photo.position for photo in listing.photos.all()] == [1, 2, 3]
    assert listing.cover == first


@pytest.mark.django_db
def test_stored_name_says_nothing_and_differs(media):
    attach(ListingFactory(), [encode(upload(name="../../toms-house.jpg"))])

    names = [path.name for path in (media / "photos").iterdir()]
    assert len(set(names)) == 3
    assert all(name.endswith(".webp") and len(name) == 29 for name in names)


@pytest.mark.django_db
def test_files_go_with_their_row(media, django_capture_on_commit_callbacks):
    listing = ListingFactory()
    add_photo(listing)

    with django_capture_on_commit_callbacks(execute=True):
        listing.delete()

    assert Photo.objects.count() == 0
    assert list((media / "photos").iterdir()) == []


@pytest.mark.django_db
def test_same_picture_sent_again_is_not_added_again():
    listing = ListingFactory()

    for _ in range(2):
        sent = [encode(upload()), encode(upload(picture(size=(60, 80))))]
        assert gallery.attach_new(listing, sent) == 0

    assert listing.photos.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(("place", "order"), [(1, "CABD"), (2, "ACBD"), (99, "ABDC"), (0, "CABD")])
def test_picture_is_moved_to_its_place_and_the_others_give_way(place, order):
    listing = ListingFactory()
    photos = [add_photo(listing) for _ in range(4)]

    gallery.move(photos[2], place)

    assert "".join("ABCD"[photos.index(photo)] for photo in listing.photos.all()) == order


@pytest.mark.django_db
def test_turned_picture_is_a_new_file_in_every_size(media, django_capture_on_commit_callbacks):
    photo = add_photo(ListingFactory())
    before = {path.name for path in (media / "photos").iterdir()}

    with django_capture_on_commit_callbacks(execute=True):
        gallery.turn(photo, "right")

    photo.refresh_from_db()
    turned = opened(Path(photo.image.path).read_bytes())
    after = {path.name for path in (media / "photos").iterdir()}
    assert (turned.size, photo.width, photo.height) == ((60, 80), 60, 80)
    assert is_close(turned.getpixel((30, 5)), RED)
    assert len(after) == 3
    assert not before & after
