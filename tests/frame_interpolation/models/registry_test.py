import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.models.registry import ModelOptions, create_model


def test_film_net_is_built_from_its_options():
    model = create_model(ModelOptions(), film_net=Options(filters=2, flow_filters=[4] * 4))
    assert model.name == "film_net"


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match=r"model\.name is 'film'; expected one of film_net"):
        ModelOptions(name="film")
