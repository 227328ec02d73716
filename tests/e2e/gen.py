#!/usr/bin/env python3
"""kg-gen: what it says of its logs is so."""
import json
import os
import subprocess
import sys
import tempfile

GEN = os.path.join(os.environ["KG_BUILD"], "bench", "kg-gen")
COLUMNS = ("cluster", "namespace", "name", "kind", "container")


def generate(directory, *options):
    """The log, its twin and the expected rows, as bytes."""
    paths = [os.path.join(directory, name) for name in ("log", "twin", "rows")]
    subprocess.run([GEN, "--output", paths[0], "--twin", paths[1],
                    "--expect", paths[2], *options], check=True)
    return [open(path, "rb").read() for path in paths]


def documents(text):
    decoder = json.JSONDecoder()
    text = text.decode().strip()
    while text:
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:].lstrip()


def rows_of(twin):
    """The same rows, by another way: Python's parser."""
    for number, document in enumerate(documents(twin)):
        for scan in document["scans"]:
            row = {name: scan["object"][name] for name in COLUMNS}
            row["document"] = number
            row["pods"] = len(scan["object"]["pods"])
            row["pods_live"] = sum(not pod["deleted"]
                                   for pod in scan["object"]["pods"])
            row["allocations"] = scan["object"]["allocations"]
            row["recommended"] = scan["recommended"]
            row["severity"] = scan["severity"]
            yield row


def agree(twin, rows):
    return list(rows_of(twin)) == [json.loads(row) for row in rows.splitlines()]


def is_reproducible(directory):
    options = ("--size", "300K", "--noise", "stray", "--seed", "7")
    return generate(directory, *options) == generate(directory, *options)


def seeds_differ(directory):
    return (generate(directory, "--rows", "3", "--seed", "1")[0] !=
            generate(directory, "--rows", "3", "--seed", "2")[0])


def rows_are_as_expected(directory):
    for options in ((), ("--layout", "compact"), ("--crlf",), ("--non-ascii",),
                    ("--documents", "3"), ("--layout", "compact", "--non-ascii",
                                           "--noise", "stray", "--crlf")):
        _, twin, rows = generate(directory, "--rows", "7", *options)
        if not agree(twin, rows):
            return False
    return True


def size_is_kept(directory):
    for options in (("--size", "2M"), ("--size", "2M", "--layout", "compact"),
                    ("--size", "2M", "--documents", "4"),
                    ("--size", "2M", "--noise-size", "512K")):
        log = generate(directory, *options)[0]
        if not 0.98 < len(log) / (2 << 20) < 1.02:
            return False
    return True


def twin_is_the_log_without_noise(directory):
    log, twin, _ = generate(directory, "--rows", "5", "--noise", "none")
    noisy, same, _ = generate(directory, "--rows", "5", "--noise", "stray")
    return log == twin == same and twin in noisy


def keys_repeat_when_asked(directory):
    def keys(*options):
        rows = generate(directory, "--rows", "20", *options)[2].splitlines()
        return {tuple(json.loads(row)[name] for name in COLUMNS) for row in rows}
    return len(keys()) == 20 and len(keys("--keys", "6")) == 6


def main():
    claims = (is_reproducible, seeds_differ, rows_are_as_expected, size_is_kept,
              twin_is_the_log_without_noise, keys_repeat_when_asked)
    print(f"1..{len(claims)}")
    failed = 0
    for number, claim in enumerate(claims, 1):
        with tempfile.TemporaryDirectory() as directory:
            ok = claim(directory)
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {number} - gen: "
              f"{claim.__name__.replace('_', ' ')}")
    return failed > 0


sys.exit(main())
