"""The published rows: units of our columns, and the words that must go with them."""

import pytest

from frame_interpolation.eval import published_scores


def test_the_rows_are_in_the_units_of_our_columns():
    rows = {row.method: row.values for row in published_scores.SCORES}
    assert rows["AnimeInterp"] == {
        "psnr": 29.675, "ssim_atd12k": 0.9584, "lpips_unscaled": 0.05059, "chamfer": 5.564e-05,
    }  # fmt: skip
    assert len(rows) == 9
    for values in rows.values():
        assert 27 < values["psnr"] < 30 and 0.93 < values["ssim_atd12k"] < 0.96
        assert 0.03 < values["lpips_unscaled"] < 0.06 and 4e-5 < values["chamfer"] < 8e-5
    assert all("2111.12792" in row.source for row in published_scores.SCORES)


def test_no_row_has_a_metric_that_was_not_published_or_an_unverified_method():
    names = {name for row in published_scores.SCORES for name in row.values}
    assert names == {"psnr", "ssim_atd12k", "lpips_unscaled", "chamfer"}
    methods = " ".join(row.method for row in published_scores.SCORES)
    assert not any(name in methods for name in ("FILM", "SloMo", "ToonCrafter"))


@pytest.mark.parametrize("protocol", ["film", "other"])
def test_another_protocol_has_no_published_rows(protocol):
    assert published_scores.rows_for(protocol) == ()
    assert published_scores.notes_for(protocol, 2000) == ()


@pytest.mark.parametrize(("triplets", "warned"), [(2000, False), (24, True), (1999, True)])
def test_another_number_of_triplets_is_said(triplets, warned):
    notes = " ".join(published_scores.notes_for("atd12k", triplets))
    assert ("not comparable" in notes) == warned
    assert all(name in notes for name in ("Super SloMo", "FILM", "ToonCrafter", "2111.12792"))
