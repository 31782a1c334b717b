"""Daily bars of some tickers with numpy, each a Parquet file by DuckDB, then md5sum of all; the peer of the stage `generate`.

usage: generate.py <folder> <tickers> <first day> <last day>
"""
import math
import os
import subprocess
import sys

import duckdb
import numpy as np

folder, tickers, first, last = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
days = np.arange(first, np.datetime64(last) + 1, dtype="datetime64[D]")
days = days[np.is_busday(days)]
BARS, PIECES, DT, MU, SIGMA = len(days), 4, 1 / 252, 0.05, 0.2
rng = np.random.Generator(np.random.Philox(1))
duck = duckdb.connect()
duck.execute("set threads = 1")
dates = days.astype("datetime64[us]")


def bars():
    variance = SIGMA * SIGMA * DT / PIECES
    moves = math.sqrt(variance) * rng.standard_normal(BARS * PIECES) + (MU - 0.5 * SIGMA * SIGMA) * DT / PIECES
    ends = math.log(100) + np.cumsum(moves)
    starts = np.concatenate(([math.log(100)], ends[:-1]))
    gap, total = moves * moves, starts + ends
    top = 0.5 * (total + np.sqrt(gap - 2 * variance * np.log(rng.random(len(moves)))))
    bottom = 0.5 * (total - np.sqrt(gap - 2 * variance * np.log(rng.random(len(moves)))))
    open_, close = starts[::PIECES], ends[PIECES - 1 :: PIECES]
    high = np.exp(np.maximum(open_, top.reshape(BARS, PIECES).max(axis=1)))
    low = np.exp(np.minimum(open_, bottom.reshape(BARS, PIECES).min(axis=1)))
    size = np.abs(close - open_) / (SIGMA * math.sqrt(DT))
    x = np.empty((2, BARS))
    for k, phi in enumerate((0.35, 0.85)):
        noise = math.sqrt(1 - phi * phi) * rng.standard_normal(BARS)
        level = 0.0
        for t in range(BARS):
            level = phi * level + noise[t]
            x[k, t] = level
    volume = np.floor(np.exp(math.log(1e7) + 0.3 * x[0] + 0.24 * x[1] + 0.29 * (size - 0.798)) + 0.5)
    ticks = lambda price: np.floor(price * 100 + 0.5) / 100
    return {
        "date": dates,
        "open": ticks(np.exp(open_)),
        "high": np.ceil(high * 100 - 1e-9) / 100,
        "low": np.floor(low * 100 + 1e-9) / 100,
        "close": ticks(np.exp(close)),
        "volume": volume.astype("int64"),
    }


for i in range(tickers):
    duck.register("bars", bars())
    duck.execute(
        f"""copy (select date::date as date, 'T{i}' as ticker, open, high, low, close, volume from bars)
        to '{folder}/T{i}.parquet' (format parquet, compression zstd, parquet_version v2)"""
    )
subprocess.run(["md5sum", *(os.path.join(folder, f"T{i}.parquet") for i in range(tickers))], check=True, capture_output=True)
print(tickers * BARS)
