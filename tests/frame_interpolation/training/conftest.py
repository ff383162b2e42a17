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


# One level, so that building graphs costs little; what a run does with them is tested here.
_TINIEST_NETWORK = [
    "film_net.pyramid_levels = 1",
    "film_net.fusion_pyramid_levels = 1",
    "film_net.specialized_levels = 1",
    "film_net.sub_levels = 1",
    "film_net.filters = 2",
    "film_net.flow_convs = [1]",
    "film_net.flow_filters = [2]",
]


@pytest.fixture(scope="session")
def gin_file(golden_dir, tmp_path_factory):
    """Writes the configuration of a run of six steps with a network of a few weights."""
    path = tmp_path_factory.mktemp("config") / "tiny.gin"
    records = f"{golden_dir / 'reference_triplets.tfrecord'}@2"
    lines = [
        *_TINIEST_NETWORK,
        f"training_dataset.files = [{records!r}]",
        "training_dataset.batch_size = 2",
        "training_dataset.crop_size = 16",
        "data_augmentation.names = ['random_flip', 'random_rotate', 'random_reverse']",
        "training.learning_rate = 0.01",
        "training.learning_rate_warmup_steps = 5",
        "training.save_checkpoint_frequency = 2",
        "training.summary_frequency = 2",
        "training.num_steps = 6",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


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


@pytest.fixture(scope="session")
def run_training(gin_file):
    """Trains in this process as the program does."""
    from frame_interpolation.training import train

    def run(base_folder, *bindings, **arguments):
        return train.run(
            gin_files=[gin_file],
            gin_bindings=list(bindings),
            base_folder=str(base_folder),
            **({"mode": "cpu"} | arguments),
        )

    return run


@pytest.fixture(scope="session")
def read_state():
    """Reads all values of a checkpoint that the training depends on."""
    import tensorflow as tf

    def read(folder, step):
        reader = tf.train.load_checkpoint(str(folder / f"ckpt-{step}"))
        return {
            key: reader.get_tensor(key)
            for key in reader.get_variable_to_shape_map()
            if not key.startswith(("save_counter", "_CHECKPOINTABLE"))
        }

    return read


@pytest.fixture(scope="session")
def assert_same_bits():
    """Compares what `read_state` gives."""
    import numpy as np

    def compare(one, other):
        assert one.keys() == other.keys()
        for key, value in one.items():
            np.testing.assert_array_equal(value, other[key], err_msg=key)

    return compare
