"""What the notebooks import: only the steps that would drown a lesson."""

from helpers.bands import BANDS, WAVELENGTHS
from helpers.checkpoints import find_or_make
from helpers.classes import CLASS_COLOURS
from helpers.cloud import Cloud, open_cloud
from helpers.errors import CourseError
from helpers.exercises import check, hint
from helpers.expect import expect_columns, expect_inside, expect_scenes
from helpers.export import write_cog
from helpers.predict import predict_over_chunks
from helpers.traffic import CountedReads

__all__ = [
    "BANDS",
    "CLASS_COLOURS",
    "WAVELENGTHS",
    "Cloud",
    "CountedReads",
    "CourseError",
    "check",
    "expect_columns",
    "expect_inside",
    "expect_scenes",
    "find_or_make",
    "hint",
    "open_cloud",
    "predict_over_chunks",
    "write_cog",
]
