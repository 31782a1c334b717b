"""The legacy generator v0 in numpy; checks itself against syn_685360ffc97f.csv and writes legacy.json."""
import hashlib
import json
import os

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
PRICES = ["open", "high", "low", "close"]


def legacy(tickers, start, end, seed):
    days = pd.bdate_range(start, end)
    n = len(days)
    rng = np.random.default_rng(seed)
    frames = []
    for ticker in tickers:
        base = 100 * (1 + rng.normal(0, 0.01))
        close = base * np.cumprod(1 + rng.normal(0.0005, 0.01, n))
        open_ = close * (1 + rng.normal(0, 0.002, n))
        high = np.maximum(open_, close) * (1 + np.abs(rng.normal(0, 0.003, n)))
        low = np.minimum(open_, close) * (1 - np.abs(rng.normal(0, 0.003, n)))
        volume = rng.normal(1_000_000, 50_000, n).astype("int64")
        columns = {"date": days, "ticker": ticker, "open": open_, "high": high, "low": low, "close": close, "volume": volume}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def dataset_id(tickers, start, end, seed):
    request = {"tickers": tickers, "start": start, "end": end, "seed": seed, "generator_version": "v0"}
    return "syn_" + hashlib.sha1(json.dumps(request, sort_keys=True).encode()).hexdigest()[:12]


def row(frame, i):
    values = [float(frame[c].iloc[i]) for c in PRICES]
    return [str(frame.date.iloc[i])[:10], frame.ticker.iloc[i], *values, int(frame.volume.iloc[i])]


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).astype("<f8").tobytes()).hexdigest()


def case(tickers, start, end, seed):
    frame = legacy(tickers, start, end, seed)
    n = len(frame)
    return {
        "tickers": tickers,
        "start": start,
        "end": end,
        "seed": seed,
        "id": dataset_id(tickers, start, end, seed),
        "rows": n,
        "sample": [row(frame, i) for i in sorted({0, n // 2, n - 1})] if n else [],
        "price_sums": [float(frame[c].sum()) for c in PRICES],
        "volume_sha256": sha256(frame.volume),
    }


def normals(seed, count):
    """Draws beyond the last layer edge come from the C library's log1p: they are listed, the rest is hashed."""
    draws = np.random.default_rng(seed).standard_normal(count)
    far = np.abs(draws) > 3.6541528853610087963519472518
    return {
        "seed": seed,
        "count": count,
        "inner_sha256": sha256(draws[~far]),
        "tail_at": np.flatnonzero(far).tolist(),
        "tail": draws[far].tolist(),
    }


def mixed(seed):
    """32-bit halves left over by integers stay while doubles and normals are drawn in between."""
    rng = np.random.default_rng(seed)
    out = []
    for bound in (10, 2**32, 3 * 2**30, 1, 2**31 + 1, 7, 1000003):
        out.append([bound, int(rng.integers(bound)), float(rng.random()), int(rng.integers(bound))])
    return out


SEEDS = [0, 1, 7, 123, 2**32 - 1, 2**32, 2**53 - 1]

if __name__ == "__main__":
    request = (["AAPL", "MSFT"], "2020-01-01", "2024-01-01", 123)
    assert dataset_id(*request) == "syn_685360ffc97f"
    stored = pd.read_csv(os.path.join(HERE, "syn_685360ffc97f.csv"), parse_dates=["date"], converters=dict.fromkeys(PRICES, float))
    made = legacy(*request)
    for column in stored.columns:
        assert (stored[column].to_numpy() == made[column].to_numpy()).all(), column
    generators = []
    for seed in SEEDS:
        generators.append(
            {
                "seed": seed,
                "words": np.random.SeedSequence(seed).generate_state(8).tolist(),
                "raw": [f"{w:016x}" for w in np.random.default_rng(seed).bit_generator.random_raw(6).tolist()],
                "doubles": np.random.default_rng(seed).random(4).tolist(),
                "mixed": mixed(seed),
                "integers": {
                    str(bound): np.random.default_rng(seed).integers(bound, size=6).tolist()
                    for bound in (1, 2, 10, 3 * 2**30, 2**31 + 1, 2**32 - 1, 2**32)
                },
            }
        )
    long_raw = np.random.default_rng(7).bit_generator.random_raw(100000).astype("<u8")
    cases = [
        case(["SPY"], "2021-03-01", "2021-12-31", 0),
        case(["MSFT", "AAPL", "NVDA"], "2019-02-25", "2020-03-02", 7),
        case(["A", "B", "C"], "2024-02-28", "2024-03-01", 2**32),
        case(["ZZZ"], "1999-12-25", "2004-02-29", 2**53 - 1),
        case(["AAPL"], "2024-02-29", "2024-02-29", 123),
        case(["AAPL"], "2024-03-02", "2024-03-03", 123),
        case(["X", "Y"], "2022-01-01", "2022-01-09", 42),
        case(["GÖ", "a\"b", "\U0001f600"], "1969-12-20", "1970-01-10", 1),
        case(["LONG"], "1900-01-01", "2099-12-31", 5),
    ]
    document = {
        "generators": generators,
        "raw_100000_seed_7_sha256": hashlib.sha256(long_raw.tobytes()).hexdigest(),
        "normals": [normals(0, 200000), normals(2**53 - 1, 200000)],
        "cases": cases,
    }
    with open(os.path.join(HERE, "legacy.json"), "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
