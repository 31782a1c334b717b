"""Makes statistics.json: moments, dependence and tests of fixed samples by numpy, scipy and statsmodels.

Run: python statistics.py > statistics.json
"""
import json

import numpy as np
from scipy import stats
from scipy.stats._ksstats import _kolmogn_Pomeranz
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.stattools import acf

rng = np.random.default_rng(20240229)


def ar(n, phi):
    x = np.zeros(n)
    for i in range(1, n):
        x[i] = phi * x[i - 1] + rng.standard_normal()
    return x


def robust_ljung_box(x, lags):
    n, c = len(x), x - x.mean()
    s2, r, q = np.mean(c * c), acf(x, nlags=lags, fft=False), 0.0
    for k in range(1, lags + 1):
        gamma = np.sum((c[:-k] ** 2 - s2) * (c[k:] ** 2 - s2)) / n
        q += n * r[k] ** 2 / (1 + gamma / s2**2)
    return [q, stats.chi2.sf(q, lags)]


def kolmogorov_sf(d, n):
    """Above 140 values scipy.stats.kstwo itself only approximates; its Pomeranz recursion is exact."""
    if n > 200:
        return stats.kstwobign.sf(d * np.sqrt(n))
    return 1 - _kolmogn_Pomeranz(n, d, True) if n > 140 and d < 0.15 else stats.kstwo.sf(d, n)


def kolmogorov(x, cdf):
    d = stats.kstest(x, cdf).statistic
    return [d, kolmogorov_sf(d, len(x))]


samples = {
    "normal": rng.standard_normal(120) * 0.01 + 0.0005,
    "student": stats.t(4).rvs(300, random_state=rng),
    "ar": ar(150, 0.3),
    "offset": 1e6 + rng.standard_normal(60),
    "small": np.array([0.3, -1.2, 0.9]),
}
other = rng.standard_normal(120)
out = {"samples": {}, "kolmogorov": []}
for name, x in samples.items():
    n, s2 = len(x), x.var(ddof=1)
    record = {
        "values": x.tolist(),
        "mean": x.mean(), "variance": s2, "skewness": stats.skew(x), "excessKurtosis": stats.kurtosis(x),
        "median": float(np.median(x)),
        "testMean": [*stats.ttest_1samp(x, x[0])],
        "testVariance": [(n - 1) * s2 / (1.3 * s2), 2 * min(stats.chi2.cdf((n - 1) / 1.3, n - 1), stats.chi2.sf((n - 1) / 1.3, n - 1))],
        "testKolmogorov": kolmogorov(x, stats.norm(x.mean() + 0.1 * x.std(), x.std()).cdf),
    }
    if n > 20:
        lb = acorr_ljungbox(x, lags=[5], model_df=1)
        record["acf"] = acf(x, nlags=8, fft=False).tolist()
        record["ljungBox"] = [lb["lb_stat"].iloc[0], lb["lb_pvalue"].iloc[0]]
        record["robustLjungBox"] = robust_ljung_box(x, 5)
        record["jarqueBera"] = stats.jarque_bera(x)[0]
    out["samples"][name] = record
out["correlation"] = {"other": other.tolist(), "value": stats.pearsonr(samples["normal"], other)[0]}
for n, d in [(1, 0.7), (2, 0.4), (5, 0.12), (5, 0.3), (10, 0.274), (10, 0.6), (30, 0.2), (80, 0.05), (80, 0.1), (150, 0.17),
             (200, 0.04), (200, 0.138), (200, 0.25), (400, 0.01), (400, 0.03), (400, 0.06), (2500, 0.05)]:
    out["kolmogorov"].append([d, n, kolmogorov_sf(d, n)])
out["fisherBand"] = {"rho": 0.5, "n": 100, "level": 0.95,
                     "band": np.tanh(np.arctanh(0.5) + np.array([-1, 1]) * stats.norm.ppf(0.975) / np.sqrt(97)).tolist()}
p = [0.04, 0.001, 0.3, 0.001, 0.02, 0.9]
out["holm"] = {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()}
print(json.dumps(out, default=float))
