"""Makes the table of lib/stats/jarque-bera-table.ts: upper quantiles of the Jarque-Bera statistic of n normal numbers.

The statistic reaches its chi-square limit slowly, so below n = 2000 these quantiles are used. Run: python jarque-bera-table.py
"""
import numpy as np

SIZES = [10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 800, 1200, 2000]
TAILS = [0.5, 0.3, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.002, 0.001]
TOTAL = 1_000_000


def statistics(rng, n, count):
    x = rng.standard_normal((count, n))
    x -= x.mean(axis=1, keepdims=True)
    s = x * x
    m2 = s.mean(axis=1)
    m3 = (s * x).mean(axis=1)
    m4 = (s * s).mean(axis=1)
    return n * ((m3 * m3 / m2**3) / 6 + (m4 / m2**2 - 3) ** 2 / 24)


for n in SIZES:
    rng = np.random.Generator(np.random.Philox(key=20240229 + n))
    chunk = max(1, 2_000_000 // n)
    parts, left = [], TOTAL if n <= 300 else TOTAL // 2
    while left > 0:
        parts.append(statistics(rng, n, min(chunk, left)))
        left -= chunk
    q = np.quantile(np.concatenate(parts), [1 - t for t in TAILS])
    print(f"  [{n}, [{', '.join(f'{v:.4g}' for v in q)}]],", flush=True)
