import pytest
from apache_beam.options.pipeline_options import DirectOptions

from beam_jobs import runners
from beam_jobs.worker_processes import create_runner
from frame_interpolation.errors import InputError


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_processes(workers):
    created = create_runner(workers=workers)
    assert created.options.view_as(DirectOptions).direct_num_workers == workers
    with_beams_flags = runners.create(
        beam_flags=["--direct_running_mode=multi_processing", "--direct_num_workers=3"]
    )
    assert (created.options.display_data() == with_beams_flags.options.display_data()) == (
        workers == 3
    )


def test_beams_own_flags_still_pass():
    created = create_runner(beam_flags=["--direct_num_workers=2"])
    assert created.options.view_as(DirectOptions).direct_num_workers == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "--workers is 0, expected 1 or more"),
        (
            {"workers": 2, "beam_flags": ["--direct_num_workers=3"]},
            "--workers=2 and --direct_num_workers=3 say the same",
        ),
        ({"workers": 2, "name": "apache_beam.runners.render.RenderRunner"}, "embedded runner"),
    ],
)
def test_contradictions(options, message):
    with pytest.raises(InputError, match=message):
        create_runner(**options)
