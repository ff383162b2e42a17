import math
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_addons as tfa

from frame_interpolation.ops.rotation import rotate


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_exact_and_counter_clockwise(turns):
    images = np.random.default_rng(0).random((2, 9, 9, 3), np.float32)
    rotated = rotate(tf.constant(images), turns * math.pi / 2)
    np.testing.assert_allclose(rotated, np.rot90(images, turns, axes=(1, 2)), atol=1e-5)


def test_no_angle_changes_nothing():
    images = np.random.default_rng(0).random((1, 8, 11, 3), np.float32)
    np.testing.assert_array_equal(rotate(tf.constant(images), 0.0), images)


def test_a_linear_image_is_rotated_exactly():
    # Bilinear interpolation reproduces f(x, y) = x, whose rotation by a about the centre is
    # x cos a - y sin a (y down, counter-clockwise).
    side, angle = 21, 0.3
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    rotated = rotate(tf.constant(x[None, ..., None], tf.float32), angle)[0, ..., 0]
    expected = x * math.cos(angle) - y * math.sin(angle)
    inside = np.hypot(x, y) < 9
    np.testing.assert_allclose(rotated.numpy()[inside], expected[inside], atol=1e-4)


def test_outside_is_zero():
    rotated = rotate(tf.ones((1, 20, 20, 1)), math.radians(45))
    assert rotated[0, 0, 0, 0] == 0 and rotated[0, 10, 10, 0] == 1


def test_size_and_type_stay():
    assert rotate(tf.zeros((1, 5, 8, 3), tf.float16), 0.1).shape == (1, 5, 8, 3)
    assert rotate(tf.zeros((1, 5, 8, 3), tf.float16), 0.1).dtype == tf.float16


@pytest.mark.slow  # Imports TensorFlow and its Addons once more.
def test_nothing_warns_of_addons():
    script = (
        "import warnings; warnings.simplefilter('error', UserWarning)\n"
        "import tensorflow as tf\n"
        "from frame_interpolation.ops.rotation import rotate\n"
        "rotate(tf.ones((1, 4, 4, 1)), 0.1)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Addons" not in done.stderr


@pytest.mark.parametrize("sides", [(31, 16), (32, 17), (30, 14)])
def test_the_middle_alone_is_the_middle_of_the_whole(sides):
    side, part = sides
    images = np.random.default_rng(0).random((2, side, side, 3), np.float32)
    whole = tfa.image.rotate(images, 0.6, interpolation="bilinear").numpy()
    middle = rotate(tf.constant(images), 0.6, output_side=part).numpy()
    assert middle.shape == (2, part, part, 3)
    if (side - part) % 2 == 0:
        edge = (side - part) // 2
        expected = whole[:, edge : edge + part, edge : edge + part]
        np.testing.assert_allclose(middle, expected, atol=1e-4)


def test_scale_enlarges_about_the_centre():
    side, part, scale, angle = 41, 21, 1.4, 0.3
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    images = tf.constant(np.stack([x, y], -1)[None], tf.float32)
    found = rotate(images, angle, scale=scale, output_side=part)[0].numpy()
    y, x = np.mgrid[:part, :part] - (part - 1) / 2
    expected = np.stack(
        [x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)], -1
    )
    np.testing.assert_allclose(found, expected / scale, atol=1e-4)
