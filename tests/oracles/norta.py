"""Makes norta.json: correlations of Student margins over normal shocks by plain two-dimensional sums. Run: python norta.py > norta.json

Rows: copula df, margin df of both names, correlation of the shocks, correlation of the margins; null is the normal law.
"""
import json

import numpy as np
from scipy import stats


def margin(w, copula, df):
    size = np.abs(w)
    tail = stats.norm.sf(size) if copula is None else stats.t.sf(size, copula)
    z = stats.norm.isf(tail) if df is None else stats.t.isf(tail, df) * np.sqrt((df - 2) / df)
    return np.sign(w) * z


def correlation(copula, a, b, rho, step):
    x = np.arange(-12, 12 + step / 2, step)
    mass = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * step
    y = rho * x[:, None] + np.sqrt(1 - rho * rho) * x[None, :]
    total = 0.0
    for s in [0.0] if copula is None else np.arange(-18, 5, 0.1):
        chi2 = np.exp(s) * (copula or 1)
        weight = 1.0 if copula is None else stats.chi2.pdf(chi2, copula) * chi2 * 0.1
        if weight > 1e-16:
            w = 1.0 if copula is None else np.sqrt(copula / chi2)
            total += weight * np.sum(mass[:, None] * mass[None, :] * margin(x * w, copula, a)[:, None] * margin(y * w, copula, b))
    return float(total)


cases = [(None, 4, 4), (None, 4, None), (None, 6, 12), (4, None, None), (4, 4, None), (4, 3, 9)]
print(json.dumps([[c, a, b, rho, round(correlation(c, a, b, rho, 0.1 if c is None else 0.15), 9)] for c, a, b in cases for rho in (-0.3, 0.5, 0.9)]))
