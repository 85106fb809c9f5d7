"""Says how long a prediction will take and how much memory, before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass

import dask
import numpy as np
import xarray as xr
from dask.system import CPU_COUNT

from helpers._block import Probabilities, predict_batch
from helpers._engine import Engine
from helpers._model import Classifier
from helpers._plan import Block, Plan, plan_prediction
from helpers._stream import active_client
from helpers._within import Polygons

SAMPLE = 20_000  # pixels predicted to measure the speed


@dataclass(frozen=True)
class WorkEstimate:
    """What a prediction will take.

    Attributes
    ----------
    blocks, all_blocks
        Chunks of the grid that will be read, and all chunks.
    pixels
        Pixels that will be predicted, those that turn out to be nodata included.
    threads
        Threads that will work at a time.
    seconds
        Time, from reading one block and predicting a sample of it.
    working_bytes
        Memory for the blocks in work, if the result is written block by block.
    result_bytes
        Memory for the whole result as float32, if it is held.
    """

    blocks: int
    all_blocks: int
    pixels: int
    threads: int
    seconds: float
    working_bytes: int
    result_bytes: int

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        duration = f"{minutes} min {seconds} s" if minutes else f"{max(1, seconds)} s"
        return (
            f"{self.blocks} of {self.all_blocks} blocks, {self.pixels / 1e6:.1f} million pixels: "
            f"about {duration} on {self.threads} threads, about {_megabytes(self.working_bytes)} "
            f"while it runs and {_megabytes(self.result_bytes)} if the whole result is held in "
            "memory"
        )


def estimate_work(
    model: Classifier,
    cube: xr.DataArray | xr.Dataset,
    within: Polygons | None = None,
    *,
    nodata: float | None = None,
    engine: Engine = "same",
) -> WorkEstimate:
    """Estimate the time and memory that ``predict_over_chunks`` will take.

    One block is read, and a sample of its pixels predicted, to measure the speed. The arguments
    are those of ``predict_over_chunks``, and so are the errors.

    Examples
    --------
    >>> print(estimate_work(model, cube, catchments))  # doctest: +SKIP
    13 of 20 blocks, 9.1 million pixels: about 24 s on 2 threads, about 190 MB while it runs ...
    """
    plan = plan_prediction(model, cube, within, nodata=nodata, engine=engine)
    blocks = list(plan.blocks())
    touched = [block for block in blocks if block.pixels]
    dates = plan.cube.data.shape[0] if plan.cube.has_time else 1
    pixels = dates * sum(block.pixels for block in touched)
    client = active_client(plan.cube.data)
    threads = sum(client.nthreads().values()) if client else _local_threads()
    reading, predicting = _measure(plan, touched[len(touched) // 2])
    largest = max(block.shape[0] * block.shape[1] for block in touched)
    bytes_read = plan.cube.data.itemsize * plan.cube.data.shape[-3]
    rows, columns = plan.cube.shape
    return WorkEstimate(
        blocks=dates * len(touched),
        all_blocks=dates * len(blocks),
        pixels=pixels,
        threads=threads,
        seconds=(reading * dates * len(touched) + predicting * pixels) / threads,
        working_bytes=threads * largest * (bytes_read + max(bytes_read, 4 * plan.classes)),
        result_bytes=4 * dates * plan.classes * rows * columns,
    )


def _measure(plan: Plan, block: Block) -> tuple[float, float]:
    """Seconds to read one block, and seconds to predict one pixel, on one thread."""
    data = plan.cube.data[0] if plan.cube.has_time else plan.cube.data
    started = time.perf_counter()
    values = data.blocks[:, block.place[0], block.place[1]].compute()
    reading = time.perf_counter() - started
    pixels = np.ascontiguousarray(np.nan_to_num(values.reshape(len(values), -1).T[:SAMPLE]))
    started = time.perf_counter()
    finish = Probabilities(tuple(range(plan.classes)), np.dtype("float32"))
    predict_batch(plan.predictor, finish, pixels)
    return reading, (time.perf_counter() - started) / len(pixels)


def _local_threads() -> int:
    return int(dask.config.get("num_workers", None) or CPU_COUNT)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
