import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import gin
import pytest

from frame_interpolation import config
from frame_interpolation.errors import InputError


@gin.register("config_test_network")
@dataclasses.dataclass(frozen=True)
class Network:
    filters: int = 16
    names: Sequence[str] = ()
    extra: Any = None

    def __post_init__(self):
        object.__setattr__(self, "names", tuple(self.names))
        if self.filters < 1:
            raise ValueError(f"filters is {self.filters}; expected 1 or more.")


@gin.register("config_test_run")
@dataclasses.dataclass(frozen=True)
class Run:
    num_steps: int = 10
    rate: float = 0.1

    def __post_init__(self):
        if self.num_steps < 0:
            raise InputError(f"config_test_run.num_steps is {self.num_steps}.")


@gin.register(module="config_test.schedules")
def Decay(boundaries, values):  # noqa: N802
    return (boundaries, values)


@pytest.fixture(autouse=True)
def _clean():
    yield
    gin.clear_config()


def _error(files=(), bindings=()):
    with pytest.raises(InputError) as error:
        config.parse(files, bindings)
    return str(error.value)


def test_options_get_what_was_bound_and_are_of_their_own_class():
    config.parse([], ["config_test_network.filters = 3", "config_test_network.names = ['a', 'b']"])
    made = config.make(Network)
    assert type(made) is Network
    assert made == Network(filters=3, names=("a", "b"))
    assert config.make(Run) == Run()


def test_a_direct_constructor_call_never_reads_gin():
    config.parse([], ["config_test_network.filters = 3"])
    assert Network().filters == 16


def test_parsing_again_forgets_what_was_parsed_before():
    config.parse([], ["config_test_network.filters = 3"])
    config.parse([], ["config_test_run.num_steps = 1"])
    assert config.make(Network).filters == 16
    assert config.flattened() == "config_test_run.num_steps = 1\n"


def test_the_last_binding_counts(tmp_path):
    file = tmp_path / "a.gin"
    file.write_text("config_test_network.filters = 3\nconfig_test_run.num_steps = 4\n")
    config.parse([file], ["config_test_network.filters = 5"])
    assert config.make(Network).filters == 5
    assert config.make(Run).num_steps == 4


@pytest.mark.parametrize(
    ("binding", "expected"),
    [
        ("config_test_netwrok.filters = 1", "did you mean 'config_test_network'?"),
        ("config_test_network.filter = 1", "did you mean 'filters'?"),
        ("config_test_network.zzz = 1", "known are extra, filters, names."),
        ("config_test_network.extra = @Deccay", "did you mean 'Decay'?"),
        ("config_test_network.extra = %MISSING", "`MISSING = ...`"),
        ("num_steps = 4", "nothing uses 'num_steps'"),
        ("train/config_test_run.num_steps = 4", "nothing uses the scope 'train'"),
        ("config_test_run.rate = 1e999", "config_test_run.rate is not a finite number"),
        ("config_test_network.names = /tmp/x", "need quotes"),
        ("config_test_network.names = film", "need quotes"),
        ("config_test_network.names = ['a',", "this is no gin"),
        ("config_test_network.names = ", "this is no gin"),
        ("config_test_network", "this is no gin"),
        ("= 3", "this is no gin"),
        ("\x00", "this is no gin"),
        ("import os", "import nothing"),
        ("include 'nowhere.gin'", "There is no gin file nowhere.gin"),
    ],
)
def test_a_misspelt_binding_is_an_error_that_helps(binding, expected):
    message = _error(bindings=[binding])
    assert expected in message
    assert "\n" not in message


def test_an_error_in_a_file_names_the_line(tmp_path):
    file = tmp_path / "a.gin"
    file.write_text("# Comment.\nconfig_test_run.num_steps = 1\n\nconfig_test_run.steps = 2\n")
    assert _error([file]).startswith(f"{file}:4: 'config_test_run' has no parameter 'steps'")
    file.write_text("config_test_run.num_steps = 1\nconfig_test_run.rate = = 2\n")
    assert _error([file]).startswith(f"{file}:2: this is no gin")


def test_a_refused_value_names_the_selector_once():
    config.parse([], ["config_test_network.filters = 0", "config_test_run.num_steps = -1"])
    with pytest.raises(InputError) as error:
        config.make(Network)
    assert str(error.value) == "config_test_network: filters is 0; expected 1 or more."
    with pytest.raises(InputError) as error:
        config.make(Run)
    assert str(error.value) == "config_test_run.num_steps is -1."


def test_a_value_of_a_wrong_type_is_the_users_mistake():
    config.parse([], ["config_test_network.filters = 'many'"])
    with pytest.raises(InputError, match=r"^config_test_network: "):
        config.make(Network)


def test_macros_references_and_blocks():
    config.parse(
        [],
        [
            "SIZE = 4\nBOTH = [%SIZE, {'a': %SIZE}]",
            "config_test_network:\n  filters = %SIZE\n  extra = %BOTH",
            "SIZE = 5",
        ],
    )
    assert config.make(Network) == Network(filters=5, extra=[5, {"a": 5}])
    config.parse([], ["config_test_network.extra = [@config_test.schedules.Decay, 1]"])
    assert config.make(Network).extra[0]([1], [2]) == ([1], [2])
    config.parse(
        [],
        [
            "config_test_network.extra = @late/Decay()",
            "late/Decay.boundaries = [1]",
            "late/Decay.values = [2]",
        ],
    )
    assert config.make(Network).extra == ([1], [2])


def test_macros_that_go_in_a_circle_are_an_error():
    bindings = ["A = %B", "B = %A", "config_test_network.filters = %A"]
    assert "stands for itself" in _error(bindings=bindings)


def test_the_flattened_text_loads_alone_and_gives_the_same(tmp_path):
    (tmp_path / "b.gin").write_text("N = 'é \\n quoted \\' text'\nconfig_test_run.rate = 1e-12\n")
    file = tmp_path / "a.gin"
    file.write_text(
        "include 'b.gin'\n"
        "config_test_network.names = [%N, '" + "long words " * 30 + "']\n"
        "config_test_network.extra = [@Decay, {'z': (1,), 'a': None}, True, -3]\n"
    )
    config.parse([file])
    network, run, text = config.make(Network), config.make(Run), config.flattened()
    saved = tmp_path / "saved.gin"
    config.save(saved)
    assert saved.read_text(encoding="utf-8") == text
    assert list(tmp_path.glob(".*")) == []
    config.parse([saved])
    assert config.flattened() == text
    assert (config.make(Network), config.make(Run)) == (network, run)


def test_selectors_are_shortened_so_that_two_spellings_are_one():
    long = f"{Network.__module__}.config_test_network.filters = 8"
    config.parse([], ["config_test_network.filters = 3", long])
    assert config.flattened() == "config_test_network.filters = 8\n"


def test_differences_are_listed_binding_by_binding():
    old = "N = 3\nrun.a = %N\nrun.b = [1,\n 2]\nrun.gone = 'x'\n"
    new = "run.a = 3\nrun.b = [1, 3]\nrun.more = @f\n"
    assert config.describe_difference(old, old) == []
    assert config.describe_difference(old, new) == [
        "run.b: [1, 2] before, [1, 3] now",
        "run.gone: 'x' before, not set now",
        "run.more: not set before, @f now",
    ]


def test_a_long_value_that_was_wrapped_is_no_difference():
    value = [f"name_{i}" for i in range(40)]
    config.parse([], [f"config_test_network.names = {value}"])
    text = config.flattened()
    assert text.count("\n") > 2
    assert config.describe_difference(text, f"config_test_network.names = {value}") == []


def test_the_released_form_of_loss_schedules_is_read():
    import frame_interpolation.losses.weighting  # noqa: F401  Registers the schedules.
    from frame_interpolation.losses.options import TrainingLosses

    config.parse(
        [],
        [
            "training_losses.loss_names = ['l1']",
            "training_losses.loss_weight_schedules = [\n"
            "    @tf.keras.optimizers.schedules.PiecewiseConstantDecay]",
            "training_losses.loss_weight_parameters = [{'boundaries':[5], 'values':[1.0, 0.25]}]",
        ],
    )
    losses = config.make(TrainingLosses)
    schedule = losses.loss_weight_schedules[0](**losses.loss_weight_parameters[0])
    assert [float(schedule(step)) for step in (5, 6)] == [1.0, 0.25]


def test_config_does_not_import_tensorflow():
    script = "import sys, frame_interpolation.config; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_bindings_of_one_selector_are_read_without_knowing_it(tmp_path):
    (tmp_path / "inner.gin").write_text("LEVELS = 3\nnobody_knows.levels = 1\nother.levels = 7\n")
    (tmp_path / "run.gin").write_text(
        'include "inner.gin"\nnobody_knows.levels = %LEVELS\nnobody_knows.filters = [4, 8]\n'
    )
    found = config.read_bindings(tmp_path / "run.gin", "nobody_knows")
    assert found == {"levels": 3, "filters": [4, 8]}
    assert config.read_bindings(tmp_path / "run.gin", "absent") == {}
