"""Networks of a few weights, and batches for them."""

import pytest

TINY_FILM_NET = {
    "pyramid_levels": 2,
    "fusion_pyramid_levels": 2,
    "specialized_levels": 1,
    "sub_levels": 2,
    "filters": 2,
    "flow_convs": [1, 1],
    "flow_filters": [2, 2],
}


@pytest.fixture(scope="session")
def create_tiny_model():
    """Builds the network with weights that depend on the seed alone."""
    import tensorflow as tf

    from frame_interpolation.models.film_net.interpolator import create_model
    from frame_interpolation.models.film_net.options import Options

    def create(seed=0):
        tf.keras.utils.set_random_seed(seed)
        return create_model(Options(**TINY_FILM_NET))

    return create


@pytest.fixture(scope="session")
def create_one_convolution():
    """Builds a network of one layer, which costs next to nothing, called as the large one."""
    import tensorflow as tf

    class OneConvolution(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.convolution = tf.keras.layers.Conv2D(3, 3, padding="same")
            self.convolution.build((None, None, None, 6))

        def call(self, inputs, training=False):
            del training
            both = tf.concat([inputs["x0"], inputs["x1"]], axis=-1)
            return {"image": self.convolution(both)}

    def create(seed=0):
        tf.keras.utils.set_random_seed(seed)
        return OneConvolution()

    return create


@pytest.fixture(scope="session")
def create_batch():
    """Draws a batch from a seed."""
    import tensorflow as tf

    def create(seed=0, *, batch_size=2, side=16):
        frames = tf.random.stateless_uniform((3, batch_size, side, side, 3), [seed, 0])
        example = dict(zip(("x0", "y", "x1"), tf.unstack(frames), strict=True))
        return example | {"time": tf.fill([batch_size, 1], 0.5)}

    return create
