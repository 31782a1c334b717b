"""Closes of 50 correlated assets in numpy, numba and a loop over rows; prints seconds of CPU, the number of closes and one of them.

usage: closes.py gbm|garch|heston numpy|numba|frame <blocks>
"""
import math
import sys
import time

import numpy as np

model, how, blocks = sys.argv[1], sys.argv[2], int(sys.argv[3])
ASSETS, BARS, DT = 50, 512, 1 / 252
MU, SIGMA = 0.05, 0.2
ALPHA, BETA = 0.06, 0.9
OMEGA = SIGMA * SIGMA * DT * (1 - ALPHA - BETA)
KAPPA, THETA, XI, RHO = 4.0, 0.04, 0.36, -0.5
E = math.exp(-KAPPA * DT)
FROM_START, FROM_LEVEL = XI * XI * E * (1 - E) / KAPPA, XI * XI * (1 - E) ** 2 / (2 * KAPPA)
K0 = -RHO * KAPPA * THETA * DT / XI
K1 = 0.5 * DT * (KAPPA * RHO / XI - 0.5) - RHO / XI
K2 = 0.5 * DT * (KAPPA * RHO / XI - 0.5) + RHO / XI
K3 = 0.5 * DT * (1 - RHO * RHO)
SWITCH = 1.5
LOWER = np.linalg.cholesky(np.full((ASSETS, ASSETS), 0.3) + 0.7 * np.eye(ASSETS))
rng = np.random.Generator(np.random.Philox(1))
x = np.full(ASSETS, math.log(100))
state = np.full(ASSETS, SIGMA * SIGMA * DT if model == "garch" else THETA)
out = np.empty((BARS, ASSETS))


def gbm_numpy():
    moves = rng.standard_normal((BARS, ASSETS)) @ LOWER.T
    moves *= SIGMA * math.sqrt(DT)
    moves += (MU - 0.5 * SIGMA * SIGMA) * DT
    moves[0] += x
    np.cumsum(moves, axis=0, out=out)
    x[:] = out[-1]
    np.exp(out, out=out)


def garch_numpy():
    global state, x
    z = rng.standard_normal((BARS, ASSETS))
    for t in range(BARS):
        e = np.sqrt(state) * z[t]
        x = x + (MU * DT - 0.5 * state + e)
        out[t] = x
        state = OMEGA + ALPHA * e * e + BETA * state
    np.exp(out, out=out)


def heston_numpy():
    global state, x
    z = rng.standard_normal((BARS, ASSETS))
    w = rng.standard_normal((BARS, ASSETS))
    u = rng.random((BARS, ASSETS))
    for t in range(BARS):
        v = state
        m = THETA + (v - THETA) * E
        psi = (v * FROM_START + THETA * FROM_LEVEL) / (m * m)
        q = 2 / np.minimum(psi, SWITCH)
        b2 = q - 1 + np.sqrt(q) * np.sqrt(q - 1)
        root = np.sqrt(b2) + w[t]
        rest = 2 / (psi + 1)
        tail = np.log(np.maximum(rest / u[t], 1)) * m / rest
        state = np.where(psi <= SWITCH, m / (1 + b2) * root * root, tail)
        x = x + MU * DT + K0 + K1 * v + K2 * state + np.sqrt(K3 * (v + state)) * z[t]
        out[t] = x
    np.exp(out, out=out)


def garch_loop(x, state, out):
    for t in range(out.shape[0]):
        for i in range(out.shape[1]):
            h = state[i]
            e = math.sqrt(h) * np.random.standard_normal()
            x[i] += MU * DT - 0.5 * h + e
            out[t, i] = math.exp(x[i])
            state[i] = OMEGA + ALPHA * e * e + BETA * h


def heston_loop(x, state, out):
    for t in range(out.shape[0]):
        for i in range(out.shape[1]):
            v = state[i]
            m = THETA + (v - THETA) * E
            psi = (v * FROM_START + THETA * FROM_LEVEL) / (m * m)
            if psi <= SWITCH:
                q = 2 / psi
                b2 = q - 1 + math.sqrt(q) * math.sqrt(q - 1)
                root = math.sqrt(b2) + np.random.standard_normal()
                following = m / (1 + b2) * root * root
            else:
                rest = 2 / (psi + 1)
                u = np.random.random()
                following = 0.0 if u >= rest else math.log(rest / u) * m / rest
            x[i] += MU * DT + K0 + K1 * v + K2 * following + math.sqrt(K3 * (v + following)) * np.random.standard_normal()
            state[i] = following
            out[t, i] = math.exp(x[i])


def framed():
    """One asset, a row at a time into a frame."""
    import pandas as pd

    frame = pd.DataFrame(columns=["bar", "close"])
    last, h = 100.0, SIGMA * SIGMA * DT
    for t in range(BARS):
        e = math.sqrt(h) * rng.standard_normal()
        last *= math.exp(MU * DT - 0.5 * h + e)
        if model == "garch":
            h = OMEGA + ALPHA * e * e + BETA * h
        frame.loc[t] = [t, last]
    out[:, 0] = frame["close"].to_numpy(dtype=float)


if how == "numba":
    import numba

    compiled = numba.njit(garch_loop if model == "garch" else heston_loop)

    def act():
        compiled(x, state, out)
elif how == "frame":
    act = framed
else:
    act = {"gbm": gbm_numpy, "garch": garch_numpy, "heston": heston_numpy}[model]
act()
started = time.process_time()
for _ in range(blocks):
    act()
print(time.process_time() - started, blocks * BARS * (1 if how == "frame" else ASSETS), out[-1, 0])
