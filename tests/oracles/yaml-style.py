"""Makes yaml-style.json: random maps and the text that ruamel.yaml, set up as DVC sets it up, writes for them.

Run with a Python that has ruamel.yaml 0.19. Texts that ruamel itself does not read back equal are left out (it loses
wide gaps and some backslashes at folds), and so are the line separators U+0085, U+2028, U+2029, which YAML 1.1 and 1.2
take differently.
"""

import io
import json
import pathlib
import random

from ruamel.yaml import YAML

rnd = random.Random(20240107)
CHARS = "abcXYZ019  __--..::##''\"\"\\,[]{}&*!|>%@`~=+?/\n\té😀\x7f\ufeff$eE"
WORDS = (
    "foo|-|#|a:|2020-01-01|null|true|yes|1e5|0x1F|1_000|.inf|--flag|\"q\"|it's|\\d+|${item}|<<|=|007|é|12:30:45|\n|\t|"
    "data/synthetic/some-long-folder-name/with/many/parts/and-a-file.parquet|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
).split("|")


def text():
    kind = rnd.random()
    if kind < 0.35:
        return "".join(rnd.choice(CHARS) for _ in range(rnd.randint(0, 10)))
    if kind < 0.55:
        return rnd.choice(WORDS)
    gap = rnd.choice([" ", " ", "  "])
    words = ["foo", "barbaz", "--flag", "word"] if kind < 0.8 else WORDS
    return gap.join(rnd.choice(words) for _ in range(rnd.randint(1, 30)))


def key():
    found = rnd.choice(["key", "params.yaml", "a b", "true", "", "x:", "é", "k" * 121, "k" * 130, text()[:40]])
    return f"n{found}" if found.isdigit() else found


def value(depth):
    kind = rnd.random()
    if depth < 4 and kind < 0.2:
        return [value(depth + 1) for _ in range(rnd.randint(0, 3))]
    if depth < 4 and kind < 0.4:
        return {key(): value(depth + 1) for _ in range(rnd.randint(0, 3))}
    if kind < 0.45:
        return None
    if kind < 0.5:
        return rnd.random() < 0.5
    if kind < 0.58:
        return rnd.choice([1e-5, 0.5, 1.5e22, -2.25e-9, 123456.789, 3, -7])
    return text()


def dump(data):
    yaml = YAML()
    yaml.default_flow_style = False
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


cases = []
while len(cases) < 300:
    data = {key(): value(0) for _ in range(rnd.randint(1, 3))}
    written = dump(data)
    if YAML(typ="safe", pure=True).load(written) == data:
        cases.append({"data": data, "text": written})

target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(cases, ensure_ascii=True, indent=0) + "\n")
