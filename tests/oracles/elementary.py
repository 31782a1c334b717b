"""Makes elementary.json: exact values of the elementary functions at points that hurt. Needs mpmath.

Each row is [arguments..., y, part]: the true value is y + part * ulp(y), y the nearest double.
Run: python elementary.py > elementary.json
"""
import json
import math
import random

from mpmath import mp, mpf

mp.prec = 2400
random.seed(20240229)


def ulp(y):
    return math.ulp(y)


def row(f, *args):
    true = f(*[mpf(a) for a in args])
    y = float(true)
    part = float((true - mpf(y)) / mpf(ulp(y)))
    return [*args, y, round(part, 4)]


def around(values):
    return [v for x in values for v in (math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf))]


def uniform(n, a, b):
    return [random.uniform(a, b) for _ in range(n)]


def decades(n, low, high):
    return [10 ** random.uniform(low, high) for _ in range(n)]


LN2 = math.log(2)
halves = around([(k + 0.5) * LN2 for k in (-1074, -1023, -1022, -2, -1, 0, 1, 2, 900)])
exp_args = uniform(120, -2, 2) + uniform(120, -745, 709.7) + halves + [709.782712893384, -708.4, -740.25, -745.1, 1e-300]
expm1_args = uniform(120, -1.5, 1.5) + uniform(60, -40, 60) + decades(40, -300, 0) + [-x for x in decades(40, -300, 0)] + halves[9:24]
log_args = decades(120, -307, 308) + uniform(160, 0.5, 2) + around([1.0, math.sqrt(2), math.sqrt(0.5), 2.0, 4.0]) + [5e-324, 1e-310, 1.7976931348623157e308]
log1p_args = uniform(120, -0.999, 1.5) + decades(60, -300, 17) + [-x for x in decades(60, -300, -0.001)] + around([-0.29, 0.41, 1.0, -0.5]) + [1e300]
near = around([k * math.pi / 2 for k in (1, 2, 3, 4, 5, 11, 710, 6381956970095103 * 2 ** 0)])
angles = uniform(120, -0.8, 0.8) + uniform(120, -10, 10) + decades(80, -10, 300) + [-x for x in decades(20, -3, 20)] + near + [6381956970095103 * 2.0**797, 1e22, 999999.9, 1e6]
pow_args = [(x, y) for x, y in zip(decades(120, -20, 20), uniform(120, -14, 14))]
pow_args += [(x, y) for x, y in zip(uniform(120, 0.5, 2), uniform(120, -700, 700))]
pow_args += [(1 + x, 1 / x * random.uniform(-700, 700)) for x in decades(40, -15, -3)]
pow_args += [(5.0, -4.0), (10.0, 308.0), (10.0, -323.0), (2.0, -1074.0), (2.0, 0.5), (1.1, 1.5), (0.9999999999999999, 1e16), (1e-300, 1.05)]
pow_args = [(x, y) for x, y in pow_args if -744 < y * math.log(x) < 709]
out = {
    "exp": [row(mp.exp, x) for x in exp_args if x > -745.13],
    "expm1": [row(mp.expm1, x) for x in expm1_args],
    "log": [row(mp.log, x) for x in log_args],
    "log1p": [row(mp.log1p, x) for x in log1p_args],
    "sin": [row(mp.sin, x) for x in angles],
    "cos": [row(mp.cos, x) for x in angles],
    "pow": [row(mp.power, x, y) for x, y in pow_args],
}
lines = [f'"{name}": [\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]" for name, rows in out.items()]
print("{\n" + ",\n".join(lines) + "\n}")
