"""Measure the 256-layer tables of numpy's standard_normal and write lib/math/numpy-normal-tables.ts.

PCG64 can be set so that its next two words are any two words. The width of a layer is what rabs = 2^51 returns; its
fast range is found by bisection on how many words are used; its height is the only double, within 8 ulp of
exp(-x^2/2), for which the wedge test turns at the uniform where numpy's turns, at six places in the layer.
"""
import math
import os

import numpy as np

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
MASK = (1 << 128) - 1
INVERSE = pow(MULTIPLIER, -1, 1 << 128)
bits = np.random.PCG64(0)
rng = np.random.Generator(bits)


def draw(layer, rabs, second=0):
    """standard_normal when the next words are (layer, rabs) and `second`, and how many words it used (3: more than 2)."""
    s1 = rabs << 9 | layer
    s2 = second
    if (s2 - MULTIPLIER * s1) % 2 == 0:  # an increment is odd
        s2 = 1 << 64 | second ^ 1
    increment = (s2 - MULTIPLIER * s1) & MASK
    state = {"state": (s1 - increment) * INVERSE & MASK, "inc": increment}
    bits.state = {"bit_generator": "PCG64", "state": state, "has_uint32": 0, "uinteger": 0}
    value = rng.standard_normal()
    now = bits.state["state"]["state"]
    return value, 1 if now == s1 else 2 if now == s2 else 3


def first_false(test, high):
    low = 0
    while low < high:
        middle = (low + high) // 2
        if test(middle):
            low = middle + 1
        else:
            high = middle
    return low


def height(layer, width, above):
    x = width * 2.0**52
    middle = math.exp(-0.5 * x * x)
    ulp = math.ulp(middle)
    candidates = {middle + k * ulp for k in range(-8, 9)} | {middle + k * ulp / 2 for k in range(-8, 0)}
    for rabs in (2**52 - d for d in (1, 2, 7, 1000, 12345, 99999)):
        density = math.exp(-0.5 * (rabs * width) * (rabs * width))
        turn = first_false(lambda k: draw(layer, rabs, k << 11)[1] == 2, 1 << 53)

        def accepts(f, k):
            return (above - f) * (k * 2.0**-53) + f < density

        candidates = {f for f in candidates if not accepts(f, turn) and (turn == 0 or accepts(f, turn - 1))}
    (found,) = candidates
    return found


widths = [draw(i, 1 << 51)[0] / 2**51 for i in range(256)]
fast = [first_false(lambda rabs: draw(i, rabs)[1] == 1, 1 << 52) for i in range(256)]
heights = [1.0]
for i in range(1, 256):
    heights.append(height(i, widths[i], heights[-1]))


def table(name, comment, values):
    numbers = ", ".join(repr(v) for v in values)
    return f"\n/** {comment} */\nexport const {name} = new Float64Array([{numbers}]);\n"


text = "// The 256 layers of numpy's normal ziggurat, as measured on numpy: layer 0 holds the tail, 255 the widest rectangle.\n"
text += table("WIDTH", "Right edge of each layer times 2^-52.", widths)
text += table("FAST", "Below this 52-bit number a point is inside the density whatever its height.", fast)
text += table("HEIGHT", "exp(-x^2/2) at the right edge of each layer.", heights)
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "../../lib/math/numpy-normal-tables.ts"), "w") as file:
    file.write(text)
