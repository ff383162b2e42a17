"""What many tests need: the files the reference implementation made, and a quiet TensorFlow."""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

_GOLDEN = pathlib.Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def golden_dir() -> pathlib.Path:
    """Files made by running the reference implementation under TensorFlow 2.15.1."""
    return _GOLDEN
