"""What an evaluation ran in: versions, device, time of day."""

import datetime
import importlib.metadata
import os
import platform

_PACKAGES = (
    "frame-interpolation",
    "tensorflow",
    "numpy",
    "scipy",
    "scikit-image",
    "opencv-python-headless",
    "pillow",
)


def describe() -> dict[str, str]:
    """Returns versions of Python and of the packages that scores depend on, and the device."""
    import tensorflow as tf  # Late, so that results can be written without it being loaded.

    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "unknown"
    gpus = tf.config.get_visible_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
    device = ", ".join(str(name) for name in names) or f"CPU, {os.cpu_count()} cores"
    return {**versions, "device": device}


def now() -> str:
    """Returns the time in UTC, to the second, as ISO 8601 writes it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
