"""Makes special.json: distribution functions to double precision from mpmath. Run: python special.py > special.json"""
import json

from mpmath import betainc, erf, erfc, exp, findroot, gammainc, log, loggamma, mp, mpf, ncdf, sqrt

mp.dps = 60


def student_sf(t, df):
    t, df = mpf(t), mpf(df)
    half = betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    return half if t > 0 else 1 - half


def student_quantile(p, df):
    tail = 1 - mpf(p) if p > 0.5 else mpf(p)
    # In ln t, so that far quantiles keep their digits.
    size = exp(bisect(lambda s: student_sf(exp(s), df), tail, -50, 800))
    return size if p > 0.5 else -size


def chi_square_quantile(p, df):
    p, a = mpf(p), mpf(df) / 2
    if p < 0.5:
        return 2 * exp(bisect(lambda s: -gammainc(a, 0, exp(s), regularized=True), -p, -15000, 15))
    return 2 * exp(bisect(lambda s: gammainc(a, exp(s), regularized=True), 1 - p, -100, 15))


def bisect(f, target, low, high):
    low, high = mpf(low), mpf(high)
    for _ in range(260):
        mid = (low + high) / 2
        low, high = (mid, high) if f(mid) > target else (low, mid)
    return (low + high) / 2


xs = [-6.0, -2.5, -1.5, -0.7, -1e-9, 0.0, 1e-300, 0.3, 1.0, 1.4999, 1.5, 2.0, 3.7, 5.0]
gammas = [(0.5, 0.01), (0.5, 3.0), (1.0, 1.0), (2.5, 0.3), (5.0, 5.0), (5.0, 40.0), (12.0, 13.5), (100.0, 80.0),
          (100.0, 130.0), (1259.0, 1259.0), (1259.0, 1100.0), (1259.0, 1500.0), (50000.0, 50300.0), (50000.0, 49000.0)]
betas = [(0.5, 0.5, 0.3), (1.0, 3.0, 0.2), (2.0, 0.5, 0.99), (2.5, 0.5, 1e-6), (5.0, 7.0, 0.4), (50.0, 60.0, 0.45),
         (50.0, 60.0, 0.7), (1000.0, 0.5, 0.999), (1000.0, 2000.0, 0.34), (600.0, 0.5, 0.97)]
# The last four stand where t^2 would overflow or the tail is its power law.
students = [(0.1, 1.0), (2.0, 1.0), (-2.0, 3.0), (1.3, 4.5), (3.0, 10.0), (8.0, 30.0), (-0.5, 1258.0), (4.0, 1258.0), (1.96, 1e6),
            (1e160, 1.7), (1e90, 3.0), (1e10, 0.3), (2e5, 60.0)]
quantiles = [(0.975, 1.0), (0.6, 2.5), (0.95, 4.0), (0.025, 10.0), (0.9999999, 3.0), (0.995, 30.0), (1e-6, 1258.0), (0.5005, 7.0),
             (1e-300, 1.0), (1e-290, 2.1), (1e-300, 4.5), (0.7, 4.5), (1e-12, 0.3)]
chi_squares = [(1e-300, 4.0), (1e-9, 0.1), (0.025, 4.0), (0.5, 1.0), (0.999, 2.5), (1 - 2.0**-53, 0.05), (0.3, 30000.0),
               (1e-300, 30000.0), (1 - 2.0**-40, 5000.0), (0.6, 7.3)]
out = {
    "erf": [[x, float(erf(mpf(x)))] for x in xs],
    "erfc": [[x, float(erfc(mpf(x)))] for x in xs + [10.0, 20.3, 26.0]],
    "normalCdf": [[x, float(ncdf(mpf(x)))] for x in xs + [-12.0, -20.0, -35.5]],
    "logGamma": [[x, float(loggamma(mpf(x)))] for x in [1e-8, 0.1, 0.5, 1.0, 1.3, 2.0, 3.7, 9.99, 10.0, 50.5, 1e4, 1e8]],
    "gammaP": [[a, x, float(gammainc(mpf(a), 0, mpf(x), regularized=True))] for a, x in gammas],
    "gammaQ": [[a, x, float(gammainc(mpf(a), mpf(x), regularized=True))] for a, x in gammas],
    "logPoisson": [[k, m, float(mpf(k) * log(mpf(m)) - m - loggamma(mpf(k) + 1))] for k, m in
                   [(0, 3.5), (1, 0.01), (4, 9.9), (10, 10.0), (30, 12.5), (999_000, 1e6), (10**12 + 10**7, 1e12), (3, 1e5)]],
    "betaI": [[a, b, x, float(betainc(mpf(a), mpf(b), 0, mpf(x), regularized=True))] for a, b, x in betas],
    "studentSf": [[t, df, float(student_sf(t, df))] for t, df in students],
    "studentQuantile": [[p, df, float(student_quantile(p, df))] for p, df in quantiles],
    "chiSquareQuantile": [[p, df, float(chi_square_quantile(p, df))] for p, df in chi_squares],
    "normalQuantile": [[p, float(sqrt(2) * findroot(lambda z: erf(z) - (2 * mpf(p) - 1), 0.5 if p > 0.5 else -0.5))]
                       for p in [0.01, 0.3, 0.5001, 0.9, 0.999]],
}
print(json.dumps(out, indent=0))
