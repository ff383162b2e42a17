import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from atd12k.inspection import perceptual_hash


def drawing(seed, size=(960, 540)):
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(random.integers(0, 256, 3).tolist()))
    canvas = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = random.uniform(0, size[0]), random.uniform(0, size[1])
        w, h = random.uniform(20, size[0] / 2), random.uniform(20, size[1] / 2)
        shape = canvas.ellipse if random.random() < 0.5 else canvas.rectangle
        colour = tuple(random.integers(0, 256, 3).tolist())
        shape((x - w / 2, y - h / 2, x + w / 2, y + h / 2), colour, outline=(0, 0, 0), width=3)
    return image


def symmetric():
    image = Image.new("RGB", (960, 540), (230, 230, 240))
    ImageDraw.Draw(image).ellipse((380, 170, 580, 370), (200, 40, 40))
    return image


def title(text):
    image = Image.new("RGB", (960, 540))
    ImageDraw.Draw(image).text((300, 220), text, "white", font=ImageFont.load_default(60))
    return image


def encoded(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return Image.open(buffer).convert("RGB")


def compared(first, second):
    """Number of different bits, whether the thumbnails are close, whether all in all."""
    one, other = perceptual_hash.miniature(first), perceptual_hash.miniature(second)
    bits = (perceptual_hash.hash_of(one) ^ perceptual_hash.hash_of(other)).bit_count()
    _, close = perceptual_hash.thumbnail_differences(
        perceptual_hash.thumbnail(one), perceptual_hash.thumbnail(other)[None]
    )
    near = perceptual_hash.closeness(one, other).is_near_copy
    return bits, bool(close[0]), near


ALTERATIONS = {
    "quality 30": lambda image: encoded(image, quality=30),
    "quality 90": lambda image: encoded(image, quality=90),
    "4:2:0": lambda image: encoded(image, quality=80, subsampling=2),
    "two thirds": lambda image: image.resize((640, 360), Image.Resampling.LANCZOS),
    "twice the size": lambda image: image.resize((1920, 1080), Image.Resampling.BICUBIC),
    "shrunk and poor": lambda image: encoded(image.resize((640, 360)), quality=50),
    "a little lighter": lambda image: image.point(lambda value: min(value + 1, 255)),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
@pytest.mark.parametrize("picture", ["drawing 0", "drawing 1", "symmetric", "title"])
def test_altered_copies_are_recognised(alteration, picture):
    kind, _, seed = picture.partition(" ")
    image = {"symmetric": symmetric, "title": lambda: title("Chapter One")}.get(
        kind, lambda: drawing(int(seed))
    )()
    bits, close, near = compared(image, ALTERATIONS[alteration](image))
    assert bits <= perceptual_hash.MOST_BITS and close and near


def test_different_drawings_are_far_apart():
    images = [drawing(seed) for seed in range(24)]
    hashes = np.array(
        [perceptual_hash.hash_of(perceptual_hash.miniature(image)) for image in images], np.uint64
    )
    for number, partners, bits in perceptual_hash.pairs_within(hashes, hashes):
        assert partners.tolist() == [number] and bits.tolist() == [0]


def test_title_cards_are_told_apart():
    # Most of both is black; the mean difference is a few levels.
    assert compared(title("Chapter One"), title("The  End?"))[2] is False
    moved = Image.new("RGB", (960, 540))
    moved.paste(title("Chapter One"), (24, 0))
    assert compared(title("Chapter One"), moved)[2] is False


def test_a_figure_that_moves_before_a_still_background_is_no_copy():
    first, second = drawing(3), drawing(3)
    ImageDraw.Draw(first).ellipse((300, 200, 380, 280), (250, 250, 80), (0, 0, 0), 3)
    ImageDraw.Draw(second).ellipse((312, 200, 392, 280), (250, 250, 80), (0, 0, 0), 3)
    assert compared(first, second)[2] is False


@pytest.mark.parametrize("colour", ["black", "white", (200, 30, 30)])
def test_single_colours_are_flat(colour):
    noisy = encoded(Image.new("RGB", (960, 540), colour), quality=30)
    for image in (Image.new("RGB", (960, 540), colour), noisy):
        assert perceptual_hash.is_flat(perceptual_hash.thumbnail(perceptual_hash.miniature(image)))
    small = perceptual_hash.miniature(title("Chapter One"))
    assert not perceptual_hash.is_flat(perceptual_hash.thumbnail(small))


def test_sizes_of_the_dataset_give_the_same_miniature():
    # A picture whose details are no finer than a cell survives every size.
    cells = np.random.default_rng(0).integers(0, 256, (90, 160, 3)).astype(np.uint8)
    for factor in (6, 8, 12):
        large = Image.fromarray(cells.repeat(factor, 0).repeat(factor, 1))
        assert np.array_equal(np.asarray(perceptual_hash.miniature(large)), cells)


@pytest.mark.parametrize("most_bits", [0, 3, 10, 64])
def test_pairs_are_those_of_counting_bits(most_bits, monkeypatch):
    random = np.random.default_rng(1)
    second = random.integers(0, 2**64, 50, dtype=np.uint64)
    first = np.concatenate([second[::7], random.integers(0, 2**64, 20, dtype=np.uint64)])
    for number in range(len(first)):
        for bit in random.integers(0, 64, number % 6):
            first[number] ^= np.uint64(1) << np.uint64(bit)
    first[-1], second[-1] = 2**64 - 1, 0
    counted = [
        (i, j, (a ^ b).bit_count())
        for i, a in enumerate(first.tolist())
        for j, b in enumerate(second.tolist())
        if (a ^ b).bit_count() <= most_bits
    ]
    for at_once in (1, 170, 10**6):
        monkeypatch.setattr(perceptual_hash, "_PAIRS_AT_ONCE", at_once)
        pairs = [
            (i, int(j), int(bits))
            for i, partners, distances in perceptual_hash.pairs_within(
                first, second, most_bits=most_bits
            )
            for j, bits in zip(partners, distances, strict=True)
        ]
        assert pairs == counted


def test_nothing_has_no_pairs():
    none, some = np.array([], np.uint64), np.array([1], np.uint64)
    assert list(perceptual_hash.pairs_within(none, some)) == []
    assert list(perceptual_hash.pairs_within(some, none)) == []
    assert list(perceptual_hash.pairs_within(some, ~some)) == []
