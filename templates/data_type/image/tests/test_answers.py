"""What the service takes: images as arrays, gray ones without the last axis too, and as files."""

import io

import numpy as np
import pytest
from own_data import UserError
from PIL import Image
from serving import Service, answer_file, answer_samples, serve

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml


@pytest.fixture
def service() -> Service:
    """Make a service for gray images of 8 x 6 pixels."""
    x = np.random.default_rng(0).integers(0, 256, (40, 8, 6, 1), dtype=np.uint8)
    np.savez("own.npz", x=x, y=np.arange(40) % 2)
    return serve("own.npz", "uint8", shape=[8, 6, 1], convert=False)


def test_images_as_lists_and_as_files_are_alike(service: Service) -> None:
    image = np.arange(48, dtype=np.uint8).reshape(8, 6) * 5
    expected = answer_samples(service, [image[..., np.newaxis].tolist()])
    assert answer_samples(service, [image.tolist()]) == expected
    for suffix in ("png", "PNG", "bmp"):
        file = io.BytesIO()
        Image.fromarray(image).save(file, suffix.lower())
        assert answer_file(service, f"mine.{suffix}", file.getvalue()) == expected
    array = io.BytesIO()
    np.save(array, image)
    assert answer_file(service, "mine.npy", array.getvalue()) == expected


def test_wrong_images_are_refused_by_the_name_of_their_file(service: Service) -> None:
    with pytest.raises(UserError, match=r"^mine\.png is not a whole image"):
        answer_file(service, "mine.png", b"\x89PNG\r\n")
    file = io.BytesIO()
    Image.new("RGB", (6, 8)).save(file, "png")
    with pytest.raises(UserError, match=r"^mine\.png is RGB, but data\.shape asks for 1 channel"):
        answer_file(service, "mine.png", file.getvalue())
    with pytest.raises(UserError, match=r"shape \[8, 6, 1\]: on level 2 there is a list of 5 instead of a list of 6"):
        answer_samples(service, [np.zeros((8, 5)).tolist()])
