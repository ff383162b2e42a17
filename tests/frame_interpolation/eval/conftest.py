"""A stand-in for the network, which shows mistakes in orientation, colour and order of time."""

import re
import subprocess

import numpy as np
import pytest


@pytest.fixture(scope="session")
def toy_model_path(tmp_path_factory) -> str:
    """A SavedModel with FILM's call whose image is `toy_middle`."""
    import tensorflow as tf

    class Toy(tf.Module):
        @tf.function
        def __call__(self, inputs, training=False):
            x0, x1 = inputs["x0"], inputs["x1"]
            # The shift by `toy_middle`'s one row and two columns, border repeated.
            height, width = tf.shape(x0)[1], tf.shape(x0)[2]
            moved = tf.gather(x0, tf.maximum(tf.range(height) - 1, 0), axis=1)
            moved = tf.gather(moved, tf.maximum(tf.range(width) - 2, 0), axis=2)
            image = 0.75 * moved * [1.0, 0.5, 0.25] + 0.25 * x1
            return {"image": image, "x0_warped": moved}

    model = Toy()
    frames = tf.TensorSpec([None, None, None, 3], tf.float32)
    time = tf.TensorSpec([None, 1], tf.float32)
    model.__call__.get_concrete_function({"x0": frames, "x1": frames, "time": time}, training=False)
    path = str(tmp_path_factory.mktemp("toy") / "saved_model")
    tf.saved_model.save(model, path)
    return path


@pytest.fixture(scope="session")
def toy_middle():
    """What the model at `toy_model_path` gives, in NumPy, for (H, W, 3) float32."""

    def middle(x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
        rows = np.maximum(np.arange(x0.shape[0]) - 1, 0)
        columns = np.maximum(np.arange(x0.shape[1]) - 2, 0)
        moved = x0[rows][:, columns]
        return 0.75 * moved * np.array([1.0, 0.5, 0.25], np.float32) + 0.25 * x1

    return middle


@pytest.fixture(scope="session")
def read_video():
    """Reads a video: (frames, H, W, 3) uint8 and the rate. mediapy's reader rejects new ffmpegs."""

    def read(path) -> tuple[np.ndarray, float]:
        command = ["ffmpeg", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        result = subprocess.run(command, capture_output=True, check=True, timeout=60)
        header = result.stderr.decode()
        assert "bt709" in header and "h264" in header
        width, height = map(int, re.search(r", (\d+)x(\d+)", header).groups())
        fps = float(re.search(r", ([\d.]+) fps", header)[1])
        return np.frombuffer(result.stdout, np.uint8).reshape(-1, height, width, 3), fps

    return read


@pytest.fixture(scope="session")
def write_records():
    """Writes triplets as one TFRecord file, as another program would: without a manifest.

    Each triplet is a dict: `name`, optionally `path`, `film`, `annotation`, `size` (width, height),
    and `frames`, three uint8 (H, W, 3) arrays, drawn from the triplet's position by default.
    """
    from frame_interpolation.datasets import tf_example, tfrecord

    def write(path, triplets) -> str:
        with open(path, "wb") as file:
            writer = tfrecord.ShardWriter(file)
            for i, triplet in enumerate(triplets):
                frames = triplet.get("frames") or moving_square(i, triplet.get("size", (32, 24)))
                record = tf_example.encode(
                    [_encode_png(frame) for frame in frames],
                    path=triplet.get("path", f"test/{triplet['name']}"),
                    name=triplet["name"],
                    film=triplet.get("film", ""),
                    annotation=triplet.get("annotation"),
                )
                writer.write(record, name=triplet["name"])
        return str(path)

    def moving_square(seed: int, size: tuple[int, int]) -> list[np.ndarray]:
        """A bright square that moves by two columns a frame, over a ramp."""
        frames = []
        for t in range(3):
            frame = np.zeros((size[1], size[0], 3), np.uint8)
            frame += np.linspace(0, 90, size[0], dtype=np.uint8)[None, :, None]
            left = 3 + seed % 5 + 2 * t
            frame[4:14, left : left + 8] = (200, 90 + 10 * (seed % 9), 40)
            frames.append(frame)
        return frames

    return write


def _encode_png(frame: np.ndarray):
    import io

    from PIL import Image

    from frame_interpolation.datasets import tf_example

    data = io.BytesIO()
    Image.fromarray(frame).save(data, "png")
    return tf_example.EncodedFrame(data.getvalue(), "png", frame.shape[1], frame.shape[0])


@pytest.fixture(scope="session")
def make_results():
    """Makes results of drawn scores, without files: `make_results({"psnr": [...]}, ...)`.

    `values` holds a list of values by column name; every other argument but the fields of a
    triplet by name (a value, or a list of one each) goes into the identity.
    """
    from frame_interpolation.eval import evaluation_results, protocols, scored_triplet

    def make(values, *, protocol="film", records="data", identity=None, model=None, **fields):
        count = len(next(iter(values.values())))
        triplets = []
        for i in range(count):
            own = {
                name: value[i] if isinstance(value, list) else value
                for name, value in fields.items()
            }
            given = {
                "index": i, "shard": "s", "offset": 0, "key": f"t{i}", "name": f"t{i}",
                "film": f"film{i % 3}", "level": i % 3, "frame_size": (32, 24),
                "image_size": None, "motion_roi": None, "roi": None, "general_motion_type": (),
                "behavior": (), "values": {name: column[i] for name, column in values.items()},
            }  # fmt: skip
            triplets.append(scored_triplet.ScoredTriplet(**{**given, **own}))
        return evaluation_results.EvaluationResults(
            experiment="test",
            identity={
                "protocol": protocol,
                "protocol_version": protocols.find(protocol).version,
                "metrics": list(values),
                "triplets": count,
                "model": "m",
                "records": records,
                "output_frames": False,
                **(identity or {}),
            },
            model=model or {"kind": "test", "path": "m", "fingerprint": "m"},
            dataset={"tfrecord": "r", "records": count, "records_sha256": records},
            environment={},
            triplets=tuple(triplets),
        )

    return make


@pytest.fixture(scope="session")
def draw_triplet():
    """Draws frames of 48x36 for `frame_store.write_triplet`: `draw_triplet(seed, error_px)`.

    An outlined square moves by four columns a frame; the estimate's is `error_px` too far right.
    """

    def draw(seed: int, error_px: int = 0) -> dict[str, np.ndarray]:
        def frame(left: int) -> np.ndarray:
            image = np.full((36, 48, 3), (0.9, 0.85, 0.3 + 0.1 * (seed % 6)), np.float32)
            image[8:26, left : left + 16] = 0.0
            image[10:24, left + 2 : left + 14] = (0.8, 0.2, 0.3)
            return image

        left = 4 + seed % 7
        return {
            "x0": frame(left),
            "truth": frame(left + 4),
            "x1": frame(left + 8),
            "estimate": frame(left + 4 + error_px),
        }

    return draw
