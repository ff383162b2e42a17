"""Results are brought to the same triplets, or refused with the reason."""

import dataclasses
import json

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluation_results, frame_content, result_alignment


def _marks(seed, noise=0):
    """Marks of three frames of coarse noise."""
    rng = np.random.default_rng(seed)
    frames = np.kron(rng.integers(20, 200, (3, 6, 8, 1)), np.ones((1, 4, 4, 3)))
    return tuple(frame_content.mark((frame + noise).astype(np.uint8)) for frame in frames)


def _align(*results, **arguments):
    labeled = [(chr(ord("a") + i), result) for i, result in enumerate(results)]
    return result_alignment.align(labeled, **arguments)


def test_another_order_of_triplets_is_put_right(make_results):
    first = make_results({"psnr": [1.0, 2.0, 3.0]}, name=["x", "y", "x"])
    other = make_results({"psnr": [30.0, 10.0, 20.0]}, name=["y", "x", "x"], level=[1, 0, 2])
    aligned = _align(first, other)
    assert [t.values["psnr"] for t in aligned["b"].triplets] == [10.0, 30.0, 20.0]
    assert (aligned.size_text, aligned.notes) == ("3 triplets", ())
    assert not aligned.is_intersection


def test_different_triplets_need_a_request(make_results):
    first = make_results({"psnr": [1.0, 2.0, 3.0]})
    other = make_results({"psnr": [5.0, 6.0]}, name=["t2", "new"], level=[2, 0])
    with pytest.raises(InputError, match=r"1 are in both, 2 \('t0', 't1'\) only in 'a', 1 \('new'"):
        _align(first, other)
    aligned = _align(first, other, intersection=True)
    assert aligned.size_text == "intersection of 1 triplets (of a 3, b 2)"
    assert aligned.triplets == 1 and aligned["b"].triplets[0].values["psnr"] == 5.0
    assert aligned["b"].identity["triplets"] == 1
    none = make_results({"psnr": [5.0]}, name="other")
    with pytest.raises(InputError, match="No triplet is in all"):
        _align(first, none, intersection=True)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["a", "a"], "have the name 'a'"), ([], "no results"), (["a", " "], "empty name")],
)
def test_labels_tell_results_apart(make_results, labels, message):
    with pytest.raises(InputError, match=message):
        result_alignment.align([(label, make_results({"psnr": [1.0]})) for label in labels])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "atd12k"}, "protocol film version 1, 'b' with protocol atd12k"),
        ({"identity": {"protocol_version": 2}}, "with protocol film version 2"),
        ({"frame_size": (64, 48)}, r"frame_size \(32, 24\) in 'a' and \(64, 48\) in 'b'"),
        ({"level": [0, 2]}, "'t1' has level 1 in 'a' and 2 in 'b'"),
        ({"records": "another"}, "same triplet names, but the fingerprints"),
        ({"identity": {"lpips_weights": "two"}}, "different lpips_weights"),
    ],
)
def test_what_cannot_be_compared_is_refused(make_results, changes, message):
    first = make_results({"psnr": [1.0, 2.0]}, identity={"lpips_weights": "one"})
    with pytest.raises(InputError, match=message):
        _align(first, make_results({"psnr": [1.0, 2.0]}, **changes))


def test_marks_of_frames_decide_before_fingerprints(make_results):
    marks = [_marks(0), _marks(1)]
    first = make_results({"psnr": [1.0, 2.0]}, frame_marks=marks)
    rebuilt = make_results({"psnr": [1.0, 2.0]}, records="rebuilt", frame_marks=marks)
    assert _align(first, rebuilt).notes == ()
    recoded = make_results({"psnr": [1.0, 2.0]}, frame_marks=[_marks(0, noise=1), _marks(1)])
    (note,) = _align(first, recoded).notes
    assert "1 of 2 triplets look the same" in note
    changed = make_results({"psnr": [1.0, 2.0]}, frame_marks=[_marks(0), _marks(2)])
    with pytest.raises(InputError, match="'t1' has other frames in 'b' than in 'a'"):
        _align(first, changed)


def test_sources_of_two_kinds_without_marks_are_compared_with_a_note(make_results):
    first = make_results({"psnr": [1.0]})
    tree = dataclasses.replace(
        make_results({"psnr": [1.0]}, records="tree"), dataset={"folder": "f", "records": 1}
    )
    (note,) = _align(first, tree).notes
    assert "different kinds" in note


def test_what_is_particular_to_a_methods_frames_is_said(make_results):
    lossy = {"kind": "predictions", "video": "Decoded from lossy video.", "resized": True}
    plain = make_results({"psnr": [1.0, 2.0]})
    part = make_results({"psnr": [1.0, 2.0]}, model=lossy)
    part = dataclasses.replace(
        part, dataset={**part.dataset, "left_out": ["x"], "left_out_because": "no prediction"}
    )
    aligned = _align(plain, make_results({"psnr": [1.0, 2.0]}, model=lossy), part)
    assert aligned.notes == (
        "b, c: Decoded from lossy video.",
        "b, c: Frames of another size were resized (LANCZOS) before they were scored.",
        "c: Without 1 triplets of its dataset: no prediction.",
    )


def test_another_definition_of_a_metric_is_refused(make_results, tmp_path):
    results = make_results({"psnr": [1.0]})
    definitions = {}
    for label in "ab":
        (tmp_path / label).mkdir()
        evaluation_results.write_results(tmp_path / label, results)
        path = tmp_path / label / "results.json"
        definitions[label] = result_alignment.stored_definitions(path)
    _align(results, results, definitions=definitions)
    content = json.loads(path.read_text())
    content["metrics"]["psnr"] = "data range 255"
    path.write_text(json.dumps(content))
    definitions["b"] = result_alignment.stored_definitions(path)
    with pytest.raises(InputError, match=r"psnr has another definition in 'b' \(data range 255\)"):
        _align(results, results, definitions=definitions)
