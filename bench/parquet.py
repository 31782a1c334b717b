"""Writes columns that lie in raw files as Parquet with DuckDB; prints seconds of CPU, the number of rows and the bytes of the file.

usage: parquet.py <folder> <rows> <times>
"""
import os
import sys
import time

import duckdb
import numpy as np

folder, rows, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
at = lambda name, kind: np.fromfile(os.path.join(folder, name), dtype=kind)
bars = {"day": at("day", "<i4"), "time": at("time", "<f8").astype("datetime64[us]")}
bars |= {name: at(name, "<f8") for name in ("open", "high", "low", "close")}
bars["volume"] = at("volume", "<f8").astype("<i8")
duck = duckdb.connect()
duck.execute("set threads = 1")
duck.register("bars", bars)
file = os.path.join(folder, "duckdb.parquet")
ask = f"""copy (select date '1970-01-01' + day as date, time, 'T0' as ticker, open, high, low, close, volume from bars)
to '{file}' (format parquet, compression zstd, parquet_version v2, row_group_size 131072)"""
duck.execute(ask)
started = time.process_time()
for _ in range(times):
    duck.execute(ask)
print(time.process_time() - started, rows * times, os.path.getsize(file))
