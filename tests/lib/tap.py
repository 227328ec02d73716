"""Claims are functions; what they raise is what is not so. TAP on stdout."""
import subprocess
import sys


class Skip(Exception):
    """Something this claim needs is missing: the text says what."""


def run(claims):
    """Ends the program: 0 if all claims hold."""
    failed = 0
    print(f"1..{len(claims)}")
    for number, claim in enumerate(claims, 1):
        name = claim.__name__.replace("_", " ")
        try:
            claim()
            print(f"ok {number} - {name}", flush=True)
        except Skip as missing:
            print(f"ok {number} - {name} # SKIP {missing}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failed = 1
            told = str(error).replace("\n", "\n# ")
            print(f"not ok {number} - {name}\n# {type(error).__name__}: {told}", flush=True)
    sys.exit(failed)
