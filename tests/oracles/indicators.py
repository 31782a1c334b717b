"""Makes indicators.json: indicators of closes with gaps, written a second time with pandas and plain loops.

Run: python indicators.py > indicators.json
"""
import json

import numpy as np
import pandas as pd

rng = np.random.default_rng(20240229)
close = np.round(100 * np.exp(np.cumsum(rng.standard_normal(140) * 0.02)), 4)
close[57] = np.nan
close[90:93] = np.nan
close[110:118] = close[110]  # no change at all


def segments(x):
    """Runs of finite values as (start, stop)."""
    start = None
    for i in range(len(x) + 1):
        ok = i < len(x) and np.isfinite(x[i])
        if ok and start is None:
            start = i
        if not ok and start is not None:
            yield start, i
            start = None


def ema(n):
    out = np.full(len(close), np.nan)
    for a, b in segments(close):
        if b - a >= n:
            # pandas without adjustment starts at its first value: give it the seed there.
            part = pd.Series(np.r_[close[a : a + n].mean(), close[a + n : b]])
            out[a + n - 1 : b] = part.ewm(span=n, adjust=False).mean()
    return out


def rsi(n):
    out = np.full(len(close), np.nan)
    for a, b in segments(close):
        change = np.diff(close[a:b])
        for t in range(n, b - a):
            gain, loss = np.clip(change[:n], 0, None).mean(), np.clip(-change[:n], 0, None).mean()
            for c in change[n:t]:
                gain, loss = (gain * (n - 1) + max(c, 0)) / n, (loss * (n - 1) + max(-c, 0)) / n
            out[a + t] = 50 if gain == loss == 0 else 100 * gain / (gain + loss)
    return out


s = pd.Series(close)
r = np.log(s).diff()
cases = []
for n in (1, 2, 5, 20):
    cases += [("sma", n, s.rolling(n).mean()), ("ema", n, ema(n)), ("rsi", n, rsi(n)),
              ("simple_return", n, s / s.shift(n) - 1), ("log_return", n, np.log(s / s.shift(n)))]
    if n > 1:
        cases.append(("volatility", n, r.rolling(n).std() * np.sqrt(252)))
clean = lambda v: [None if not np.isfinite(x) else float(x) for x in v]
print(json.dumps({"close": clean(close), "cases": [{"name": k, "n": n, "values": clean(v)} for k, n, v in cases]}))
