import hashlib
import json

import pytest

from frame_interpolation import config
from frame_interpolation.datasets import tfrecord
from frame_interpolation.errors import InputError
from frame_interpolation.training.experiment import Experiment
from frame_interpolation.training.run_record import RunRecord


@pytest.fixture
def create(gin_file, tmp_path):
    def create(*bindings, path=tmp_path / "run.json"):
        config.parse([gin_file], ["training.seed = 5", *bindings])
        experiment = Experiment.create(config.make)
        return RunRecord(
            path and str(path), experiment, command=["train", "--mode", "cpu"], mode="cpu"
        )

    return create


def _read(tmp_path):
    return json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))


def test_it_tells_what_ran_where_and_on_what(create, tmp_path):
    create().begin(0)
    record = _read(tmp_path)
    assert record["command"] == ["train", "--mode", "cpu"]
    assert record["mode"] == "cpu"
    assert record["seeds"] == {"training": 5, "training_dataset": 0}
    assert record["versions"]["tensorflow"].startswith("2.15")
    assert record["hardware"]["cpu_count"] >= 1
    assert record["hardware"]["accelerators"] == []
    assert set(record["code"]) == {"revision", "modified"}
    (dataset,) = record["datasets"]
    assert dataset["used_as"] == "training_dataset.files"
    assert dataset["shards"] == 2
    # These records come from another program.
    assert "manifest" not in dataset


def test_a_manifest_is_named_with_its_hash(create, tmp_path):
    path = tmp_path / "records"
    (tmp_path / "records-00000-of-00001").write_bytes(b"")
    text = json.dumps({"shards": [{}], "fingerprint": "f", "records": 7})
    manifest = tmp_path / "records.manifest.json"
    manifest.write_text(text, encoding="utf-8")
    assert tfrecord.manifest_path(str(path)) == str(manifest)
    create(f"eval_datasets.files = ['{path}@1']").begin(0)
    dataset = _read(tmp_path)["datasets"][1]
    assert dataset["used_as"] == "eval_datasets.files"
    assert dataset["manifest"] == {
        "path": str(manifest),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "fingerprint": "f",
        "records": 7,
    }


def test_records_that_have_changed_between_two_sessions_are_warned_of(create, tmp_path, caplog):
    (tmp_path / "records-00000-of-00001").write_bytes(b"")
    binding = f"eval_datasets.files = ['{tmp_path}/records@1']"
    for number, fingerprint in enumerate(["f", "f", "g"]):
        text = json.dumps({"shards": [{}], "fingerprint": fingerprint, "records": 7})
        (tmp_path / "records.manifest.json").write_text(text, encoding="utf-8")
        create(binding).begin(number)
        assert ("written anew" in caplog.text) == (fingerprint == "g")
    assert f"eval_datasets.files: the records {tmp_path}/records@1 have been" in caplog.text


def test_sessions_follow_one_another(create, tmp_path):
    first = create()
    first.begin(0)
    first.end("stopped", step=3)
    create().begin(3)
    sessions = _read(tmp_path)["sessions"]
    assert [session["first_step"] for session in sessions] == [0, 3]
    assert sessions[0]["outcome"] == "stopped"
    assert sessions[0]["last_step"] == 3
    assert sessions[0]["started"] <= sessions[0]["ended"] <= sessions[1]["started"]
    # One that was killed has no end.
    assert sessions[1]["ended"] is None
    assert {"versions", "code", "hardware", "command", "mode"} <= sessions[0].keys()


def test_a_host_that_does_not_write_writes_nothing(create, tmp_path):
    record = create(path=None)
    record.begin(0)
    record.end("finished", step=1)
    assert list(tmp_path.iterdir()) == []


def test_another_file_of_that_name_is_not_overwritten(create, tmp_path):
    (tmp_path / "run.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="is not the record of a run"):
        create()
