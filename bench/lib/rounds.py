"""The rounds of one scenario: A B A B, never A A B B."""
import contextlib
import subprocess


class Missing(Exception):
    """A variant cannot run here: the text says what would cure that."""


FAILURES = (AssertionError, OSError, subprocess.SubprocessError)


def measure(scenario, results, cases, n_rounds, say):
    """False when something failed, which is not the same as missing."""
    return all([measure_case(scenario, results, case, n_rounds, say) for case in cases])


def measure_case(scenario, results, case, n_rounds, say):
    one = measure_lines if hasattr(scenario, "lines") else measure_variants
    try:
        return one(scenario, results, case, n_rounds, say)
    except Missing as why:
        results.miss(case, "all", str(why))
        say(f"{case} is left out: {why}")
        return True
    except FAILURES as error:
        results.miss(case, "all", "failed")
        say(f"{case} failed and is left out: {error}")
        return False


def to_do(results, case, variants, n_rounds):
    finished = results.finished(case, variants)
    return [number for number in range(1, n_rounds + 1) if number not in finished]


def measure_variants(scenario, results, case, n_rounds, say):
    variants = dict(scenario.variants(case))
    todo = to_do(results, case, variants, n_rounds)
    good = True
    with scenario.prepare(case) if todo else contextlib.nullcontext() as prepared:
        for number in todo:
            for name, run in list(variants.items()):
                say(f"{case}, round {number} of {n_rounds}: {name}")
                try:
                    results.add(case, name, number, run(prepared))
                    continue
                except Missing as why:
                    results.miss(case, name, str(why))
                    say(f"{name} is left out: {why}")
                except FAILURES as error:
                    results.miss(case, name, f"failed in round {number}")
                    say(f"{case}: {name} failed and is left out: {error}")
                    good = False
                del variants[name]
    return good


def measure_lines(scenario, results, case, n_rounds, say):
    """The program takes its variants in turn by itself."""
    for number in to_do(results, case, (), n_rounds):
        say(f"{case}, round {number} of {n_rounds}")
        for line in list(scenario.lines(case)):
            part = line.pop("part", None)
            results.add(f"{case}: {part}" if part else case, line.pop("variant"), number, line)
    return True
