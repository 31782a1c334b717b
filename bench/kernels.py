"""Normals, bridge extremes and exponentials in numpy; prints seconds of CPU, the number of values and one of them.

usage: kernels.py normals|extremes|exp Philox|SFC64 <blocks>
"""
import sys
import time

import numpy as np

what, how, blocks = sys.argv[1], sys.argv[2], int(sys.argv[3])
BARS, PIECES = 512, 4
N = BARS * PIECES
rng = np.random.Generator(getattr(np.random, how)(1))
out = np.zeros(N)
start = np.zeros(N)
end = 0.01 * rng.standard_normal(N)
variance = np.full(N, 1e-4)


def normals():
    rng.standard_normal(out=out)
    return out


def extremes():
    move = end - start
    gap = move * move
    total = start + end
    twice = 2 * variance
    top = 0.5 * (total + np.sqrt(gap - twice * np.log(rng.random(N))))
    bottom = 0.5 * (total - np.sqrt(gap - twice * np.log(rng.random(N))))
    first = start[::PIECES]
    high = np.maximum(first, top.reshape(BARS, PIECES).max(axis=1))
    low = np.minimum(first, bottom.reshape(BARS, PIECES).min(axis=1))
    return high + low


def exponentials():
    out[:] = end
    np.exp(out, out=out)
    return out


act = {"normals": normals, "extremes": extremes, "exp": exponentials}[what]
for _ in range(50):
    act()
started = time.process_time()
for _ in range(blocks):
    last = act()
print(time.process_time() - started, blocks * N, last[7])
