#!/usr/bin/env python3
"""Random documents in random noise, cut at random chunk borders: what is found is
what was written. The reference is the writer itself: a serializer of its own that
knows each document's bytes without the white space, and shares no code.

  tests/e2e/found.py                     as in tests/run
  tests/e2e/found.py DOCUMENTS [SEED]    so many documents for each claim
"""
import os
import random
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402

PROGRAM = os.path.join(os.environ.get("KG_BUILD", "build/dev"), "src/kubeglean")
DOCUMENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
PER_LOG = 100

# --- what a program writes -------------------------------------------------------

ODD = ['"', "\\", "/", "\b", "\n", "\t", "{", "}", "[", "]", ",", ":", "'", "\x1b", "\x00",
       "\x7f", "ä", "€", "😀", "I0114 x", "[12:00:01]", "2024-01-14T10:00:00Z "]


def string(rng):
    text = "".join(rng.choice(ODD) if rng.random() < 0.2 else rng.choice("abcxyz 019-_./")
                   for _ in range(rng.choice((0, 1, 3, 8, 20, 60))))
    out = []
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif c < " ":
            out.append(f"\\u{ord(c):04x}")
        else:
            out.append(rng.choice((c, f"\\u{ord(c):04X}")) if c in "/ab" else c)
    return '"' + "".join(out) + '"'


def scalar(rng):
    return rng.choice((lambda: string(rng), lambda: str(rng.randint(-999, 10**12)),
                       lambda: f"{rng.random():.3f}", lambda: rng.choice(("1e9", "-0", "0.5E-7")),
                       lambda: rng.choice(("true", "false", "null"))))()


def value(rng, depth):
    """A scalar's text, or ("{", members) or ("[", elements)."""
    if depth == 0 or rng.random() < 0.5:
        return scalar(rng)
    if rng.random() < 0.5:
        return "[", [value(rng, depth - 1) for _ in range(rng.choice((0, 1, 2, 5)))]
    return "{", [(string(rng), value(rng, depth - 1)) for _ in range(rng.choice((0, 1, 2, 5)))]


def document(rng):
    return "{", [(string(rng), value(rng, 4)) for _ in range(rng.randint(1, 6))]


def compact(v):
    if isinstance(v, str):
        return v
    if v[0] == "[":
        return "[" + ",".join(map(compact, v[1])) + "]"
    return "{" + ",".join(f"{name}:{compact(x)}" for name, x in v[1]) + "}"


def lines(v, indent, at=""):
    """Pretty-printed, without the indentation of its first line."""
    if isinstance(v, str):
        return [v]
    if not v[1]:
        return [v[0] + "}]"[v[0] == "["]]
    out = [v[0]]
    for i, item in enumerate(v[1]):
        name, inner = (item[0] + ": ", item[1]) if v[0] == "{" else ("", item)
        more = lines(inner, indent, at + indent)
        more[0] = at + indent + name + more[0]
        more[-1] += "," if i + 1 < len(v[1]) else ""
        out += more
    return out + [at + "}]"[v[0] == "["]]


def written(rng, doc):
    """Its text in one of the ways in which programs write."""
    if rng.random() < 0.4:
        return compact(doc)
    return "\n".join(lines(doc, rng.choice(("  ", "    ", "\t"))))


# --- what others write -----------------------------------------------------------

FOREIGN = ["I0114 10:00:00.123456 1 request.go:682] Waited for 4.39s due to throttling",
           "[12:00:01] INFO     Calculating   runner.py:123", "[INFO] Using config file",
           "\x1b[31mERROR\x1b[0m it burns", "12 of 13 done", "null and void", "level=info msg=\"a b\"",
           "W0114 10:00:00.1 \"quoted\" }", "100%|##########| 3/3 [00:01<00:00]", "\u2588\u2588 on 3: 7"]
NOISE = FOREIGN + ["", "   at x.y(z.py:3)", "{namespace=\"x\"}", "map[a:{b}]", "${X} {{ .Values }} {'a': 1}",
                   "[1, 2] {x} {\"a\" \"b\"}", "\x1b[2J\x1b[1m{ oops", "{\"a\": [1 oops", "{", "{\"cut\": \"in a",
                   "{\"a\": 1,", "\ufeff", "\r progress \r 50%", "a } b ]", "{\"n\": 01}", "\x00\x00"]
# What may be a document's line, or its end with something before it. A line that
# fits where it stands makes another JSON text, which nobody can tell from one, and
# so does an opener alone.
DOUBTFUL = ['"b": 2', "progress 1%   \"b\": 2,", "progress 1%   7,", "progress 1%  [", "[1,", "x {\"q\": 1} y",
            "  size: 3,", "x }, y,", "{\"level\": \"info\"}", "\"x\""]


def noise(rng):
    return "".join(rng.choice(NOISE) + "\n" for _ in range(rng.choice((0, 0, 1, 3))))


def log_of(rng, make):
    """`make` gives a document's text in the log, and what has to be found of it."""
    text, expected = [], []
    for _ in range(PER_LOG):
        part, found = make(rng)
        text += [noise(rng), rng.choice(("", "INFO: ", "\x1b[1m")), part, rng.choice(("\n", " done\n"))]
        expected += found
    return "".join(text), expected


# --- what is found ---------------------------------------------------------------

def found_in(rng, log):
    """Standard input is a socket that keeps the borders of what is sent."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(60)
    with tempfile.TemporaryFile() as out, subprocess.Popen(
            [PROGRAM, "extract"], stdin=theirs, stdout=out, stderr=subprocess.DEVNULL) as program:
        theirs.close()
        data, largest = memoryview(log.encode()), rng.choice((2, 16, 300, 5000, 60000))
        while data:
            data = data[ours.send(data[:rng.randint(1, largest)]):]
        ours.close()
        code = program.wait(60)
        out.seek(0)
        assert code in (0, 4), f"exit code {code}"
        return out.read().decode().splitlines()


def check(make, judge):
    for number in range(0, DOCUMENTS, PER_LOG):
        rng = random.Random(f"{make.__name__} {SEED} {number}")
        log, expected = log_of(rng, make)
        got = found_in(rng, log)
        wrong = judge(got, expected)
        if wrong:
            with open("build/found.log", "w", encoding="utf-8") as kept:
                kept.write(log)
            raise AssertionError(f"log {number} of seed {SEED}, kept as build/found.log: {wrong}")


def exactly(got, expected):
    for i, (a, b) in enumerate(zip(got, expected)):
        if a != b:
            return f"document {i} is {a[:200]!r}, not {b[:200]!r}"
    return "" if len(got) == len(expected) else f"{len(got)} documents, not {len(expected)}"


def nothing_else(got, expected):
    """All that was left whole, in order, and nothing that nobody wrote."""
    texts = [text for text, _ in expected]
    whole = [text for text, sure in expected if sure]
    strange = [text for text in got if text not in texts]
    if strange:
        return f"nobody wrote {strange[0][:200]!r}"
    rest = iter(got)
    lost = [text for text in whole if text not in rest]
    return f"lost: {lost[0][:200]!r}" if lost else ""


def clean(rng):
    doc = document(rng)
    return written(rng, doc), [compact(doc)]


def with_foreign(rng):
    """Lines of others between any two of its lines."""
    doc = document(rng)
    out = []
    for line in lines(doc, "  "):
        out.append(line)
        if rng.random() < 0.2:
            out += rng.choices(FOREIGN, k=rng.randint(1, 3))
    if out[-1] in FOREIGN:
        out.append("end")
    return "\n" + "\n".join(out), [compact(doc)]


def with_doubtful(rng):
    """One line that may be its own. Behind it all is noise, also "{}" in a string."""
    doc = document(rng)
    text = lines(doc, "  ")
    line = rng.choice(DOUBTFUL)
    text.insert(rng.randint(1, len(text) - 1), line)
    good = document(rng)
    return ("\n" + "\n".join(text) + "\n} ] } ]\nstarted again\n" + written(rng, good),
            [(compact(doc), False), ("{}", False), ('{"q":1}', False), ('{"level":"info"}', False), (compact(good), True)])


def with_cut(rng):
    """A document that is cut anywhere, and a good one in the next line."""
    text = written(rng, document(rng))
    good = document(rng)
    return (text[:rng.randint(1, len(text) - 1)] + "\n" + written(rng, good) + "\nI0114 10:00:00 on",
            [("{}", False), (compact(good), True)])


def documents_in_noise_are_found_exactly():
    check(clean, exactly)


def lines_of_others_are_taken_out_of_a_document():
    check(with_foreign, exactly)


def what_may_be_the_documents_own_never_makes_another_one():
    check(with_doubtful, nothing_else)


def what_follows_a_cut_is_found_and_its_parts_are_not():
    check(with_cut, nothing_else)


tap.run([documents_in_noise_are_found_exactly, lines_of_others_are_taken_out_of_a_document,
         what_may_be_the_documents_own_never_makes_another_one,
         what_follows_a_cut_is_found_and_its_parts_are_not])
