"""How far merged quantiles are from the exact ones of the same samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from benchmarks.table import Table

from loadgen.latency import Histogram

PARTS = (1, 2, 4, 8, 16, 32, 64)
SEED = 7
NAMED = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
EVERY = [*(n / 1000 for n in range(1, 1000)), 0.9999, 0.99999, 1.0]

Samples = npt.NDArray[np.float64]


def measure(quick: bool) -> list[Table]:
    """The largest error of each distribution, over all numbers of parts."""
    size = 20_000 if quick else 200_000
    rows = []
    for name, samples in _distributions(size).items():
        errors = np.max([_errors(samples, parts) for parts in PARTS], axis=0)
        at = [EVERY.index(q) for q in NAMED.values()]
        rows.append([name, *(_percent(errors[index]) for index in at), _percent(errors.max())])
    note = (
        f"{size:,} samples each (seed {SEED}), dealt to {', '.join(map(str, PARTS[:-1]))} and {PARTS[-1]} workers, "
        f"merged in random order; the largest error over these. Exact: nearest rank of the samples in floating point. "
        f"Last column: the largest of {len(EVERY):,} quantiles from 0.1 % to 100 %."
    )
    return [Table("accuracy", ["distribution", *NAMED, "any quantile"], rows, [note])]


def _distributions(size: int) -> dict[str, Samples]:
    """Seconds, from 0.1 ms up, where the promise begins."""
    rng = np.random.default_rng(SEED)
    quick_ones, slow_ones = rng.normal(0.030, 0.004, size), rng.normal(1.2, 0.15, size)
    found = {
        "uniform, 0.1 ms to 2 s": rng.uniform(0.0001, 2.0, size),
        "log-normal, median 80 ms, σ 1": rng.lognormal(np.log(0.080), 1.0, size),
        "bimodal, 30 ms and 1.2 s": np.where(rng.random(size) < 0.85, quick_ones, slow_ones),
        "constant, 123.456 ms": np.full(size, 0.123456),
    }
    return {name: np.maximum(samples, 0.0001) for name, samples in found.items()}


def _errors(samples: Samples, parts: int) -> Samples:
    """Relative error of each of :data:`EVERY`."""
    rng = np.random.default_rng(SEED + parts)
    histograms = [_recorded(part) for part in np.array_split(rng.permutation(samples), parts)]
    merged = Histogram.merged([histograms[index] for index in rng.permutation(parts)])
    if merged.count != samples.size:
        raise AssertionError("a sample was lost")
    ranks = np.ceil(np.array(EVERY) * samples.size - 1e-6).astype(int) - 1
    exact = np.sort(samples)[ranks]
    return np.abs(np.array(merged.quantiles_us(EVERY)) / 1e6 - exact) / exact


def _recorded(samples: Samples) -> Histogram:
    return Histogram.of(np.rint(samples * 1e6).astype(int).tolist())


def _percent(error: float) -> str:
    return f"{error * 100:.3f} %"
