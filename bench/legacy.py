"""The bars of generator v0 in Python, three ways; prints seconds of CPU for the bars alone and their checksum.

usage: legacy.py frame|loop|numpy <end> <tickers> <seed>
"""
import sys
import time

import numpy as np
import pandas as pd

how, end, tickers, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
days = pd.bdate_range("2000-01-03", end)
rows = len(days)
COLUMNS = ["date", "ticker", "open", "high", "low", "close", "volume"]


def vectorised(rng, base):
    close = base * np.cumprod(1 + rng.normal(0.0005, 0.01, rows))
    open_ = close * (1 + rng.normal(0, 0.002, rows))
    high = np.maximum(open_, close) * (1 + np.abs(rng.normal(0, 0.003, rows)))
    low = np.minimum(open_, close) * (1 - np.abs(rng.normal(0, 0.003, rows)))
    volume = rng.normal(1_000_000, 50_000, rows).astype("int64")
    columns = {"date": days, "ticker": "AAPL", "open": open_, "high": high, "low": low, "close": close, "volume": volume}
    return pd.DataFrame(columns)


def one(rng, close):
    close *= 1 + rng.normal(0.0005, 0.01)
    open_ = close * (1 + rng.normal(0, 0.002))
    high = max(open_, close) * (1 + abs(rng.normal(0, 0.003)))
    low = min(open_, close) * (1 - abs(rng.normal(0, 0.003)))
    return open_, high, low, close, int(rng.normal(1_000_000, 50_000))


def appended(rng, close):
    """A row at a time into a list of records, a frame at the end."""
    made = []
    for day in days:
        open_, high, low, close, volume = one(rng, close)
        made.append({"date": day, "ticker": "AAPL", "open": open_, "high": high, "low": low, "close": close, "volume": volume})
    return pd.DataFrame(made)


def framed(rng, close):
    """A row at a time into the frame."""
    frame = pd.DataFrame(columns=COLUMNS)
    for i, day in enumerate(days):
        open_, high, low, close, volume = one(rng, close)
        frame.loc[i] = [day, "AAPL", open_, high, low, close, volume]
    return frame


make = {"numpy": vectorised, "loop": appended, "frame": framed}[how]
started = time.process_time()
rng = np.random.default_rng(seed)
frames = [make(rng, 100 * (1 + rng.normal(0, 0.01))) for _ in range(tickers)]
whole = pd.concat(frames, ignore_index=True)
print(time.process_time() - started, float(whole.close.iloc[-1]), len(whole))
