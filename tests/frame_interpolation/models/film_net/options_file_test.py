import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net import options_file
from frame_interpolation.models.film_net.options import Options


def test_round_trip(tmp_path):
    options = Options(filters=8, flow_filters=[8, 8, 16, 16], use_aux_outputs=False)
    options_file.write(tmp_path, options)
    assert options_file.read(tmp_path) == options


def test_no_file_means_no_options(tmp_path):
    assert options_file.read(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"colour": 3}', '{"filters": -1}', "\x00"])
def test_a_damaged_file_is_named(tmp_path, text):
    options_file.write(tmp_path, Options())
    file = tmp_path / options_file.RELATIVE_PATH
    file.write_text(text)
    with pytest.raises(InputError, match=r"film_net_options\.json"):
        options_file.read(tmp_path)
