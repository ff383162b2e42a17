import pytest

from frame_interpolation.training import processor


@pytest.fixture
def describe(tmp_path, monkeypatch):
    def write(text):
        path = tmp_path / "cpuinfo"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(processor, "_CPUINFO", str(path))

    return write


@pytest.mark.parametrize(
    ("flags", "slow"),
    [
        ("fpu avx avx2", {"mixed_bfloat16", "mixed_float16"}),
        ("fpu avx2 avx512f avx512_bf16", {"mixed_float16"}),
        ("fpu avx2 avx512f amx_bf16 avx512_fp16", set()),
    ],
)
def test_precisions_without_their_instructions_are_slow(describe, flags, slow):
    describe(f"processor\t: 0\nmodel name\t: A Processor\nflags\t\t: {flags}\n")
    assert processor.name() == "A Processor"
    precisions = ("float32", "mixed_bfloat16", "mixed_float16")
    assert {precision for precision in precisions if processor.is_slow_in(precision)} == slow


def test_of_a_processor_that_is_described_otherwise_nothing_is_said(describe):
    describe("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert processor.name()
    assert not processor.is_slow_in("mixed_bfloat16")
