"""What an inspection can find: the kinds, which of them are wrong, and a list to collect them in.

*Wrong* is what makes a score or a training run untrue or impossible: something needed is missing,
broken, contradictory, or in train and test at once. *Information* is what other tools put up with
or what the reader has to judge.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

WRONG: Final = "wrong"
INFORMATION: Final = "information"


class Kind(NamedTuple):
    """A kind of finding: whether it is wrong, and how a number of them is described."""

    severity: str
    meaning: str


# In the order of reports.
KINDS: Final[dict[str, Kind]] = {
    "folder_missing": Kind(WRONG, "folders are missing"),
    "folder_unreadable": Kind(WRONG, "folders cannot be read"),
    "folder_empty": Kind(WRONG, "folders hold no triplets"),
    "count_differs": Kind(WRONG, "numbers of triplets differ from the published ones"),
    "test_folders_differ": Kind(WRONG, "triplets are in one folder of test frames only"),
    "frame_missing": Kind(WRONG, "frames are missing"),
    "frame_ambiguous": Kind(WRONG, "frames have two files"),
    "frame_empty": Kind(WRONG, "frames are files of zero bytes"),
    "frame_truncated": Kind(WRONG, "frames are truncated"),
    "frame_unreadable": Kind(WRONG, "frames cannot be read"),
    "frame_unsupported": Kind(WRONG, "frames have 16 bits a channel, CMYK or the like"),
    "sizes_differ": Kind(WRONG, "triplets have frames of different sizes"),
    "identical_frames": Kind(WRONG, "triplets hold the same picture more than once"),
    "annotation_missing": Kind(WRONG, "test triplets have no annotation"),
    "annotation_malformed": Kind(WRONG, "annotations are malformed"),
    "annotation_without_triplet": Kind(WRONG, "annotations belong to no test triplet"),
    "flow_missing": Kind(WRONG, "precomputed flows are missing"),
    "flow_unreadable": Kind(WRONG, "precomputed flows cannot be read"),
    "same_picture": Kind(WRONG, "pictures are both in train and in test"),
    "near_copy": Kind(WRONG, "pictures in test are nearly the same as one in train"),
    "optional_folder_absent": Kind(INFORMATION, "folders that are not needed are absent"),
    "levels_differ": Kind(INFORMATION, "numbers of levels differ from a third party's count"),
    "name_pattern": Kind(INFORMATION, "triplets have names of another pattern than ATD-12K's"),
    "extra_file": Kind(INFORMATION, "files and folders are not part of the dataset"),
    "annotation_remark": Kind(INFORMATION, "oddities in annotations"),
    "other_mode": Kind(INFORMATION, "frames are grey, palette or carry alpha: converted when read"),
    "flat_frame": Kind(INFORMATION, "frames are of a single colour"),
    "flat_picture_shared": Kind(INFORMATION, "pictures of a single colour are in train and test"),
    "film_shared": Kind(INFORMATION, "films are both in train and in test"),
}

# What a part of the dataset, or another dataset in its layout, cannot satisfy.
OF_WHOLE_DATASET: Final = frozenset({"folder_missing", "count_differs"})


class Finding(NamedTuple):
    """One thing that was found.

    Attributes:
        kind: A key of `KINDS`.
        where: File or folder relative to the dataset's root, with slashes.
        detail: What there is to say besides; may be empty.
    """

    kind: str
    where: str
    detail: str = ""


@dataclass
class Findings:
    """Findings by kind, in the order in which they were added.

    Attributes:
        accepted: Kinds that count as information though they are wrong otherwise.
        found: The findings.
    """

    accepted: Collection[str] = ()
    found: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, kind: str, where: str, detail: str = "") -> None:
        """Adds a finding."""
        if kind not in KINDS:
            raise KeyError(kind)
        self.found.setdefault(kind, []).append(Finding(kind, where, detail))

    def severity(self, kind: str) -> str:
        """Returns `WRONG` or `INFORMATION`."""
        return INFORMATION if kind in self.accepted else KINDS[kind].severity

    def by_kind(self) -> Iterable[tuple[str, list[Finding]]]:
        """Yields the kinds that were found, wrong ones first, with their findings."""
        order = sorted(KINDS, key=lambda kind: self.severity(kind) != WRONG)  # Stable.
        return ((kind, self.found[kind]) for kind in order if kind in self.found)

    @property
    def wrong(self) -> int:
        """Number of findings that are wrong."""
        return sum(len(of) for kind, of in self.found.items() if self.severity(kind) == WRONG)
