#!/usr/bin/env python3
"""bench/run: turns, medians, resuming, what is accounted to whom."""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import types

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "lib"), os.path.join(ROOT, "bench", "lib")]
import figures  # noqa: E402
import launch  # noqa: E402
import tables  # noqa: E402
import tap  # noqa: E402
from cluster import BUILD, Scene  # noqa: E402
from results import Results, read  # noqa: E402
from rounds import Missing, measure  # noqa: E402

RUN = os.path.join(ROOT, "bench", "run")
ABOUT = {"kubeglean": "1, commit abc", "quick": False, "rounds": 3, "date": "today", "load": "1"}
BURNS = "import time\nx = bytearray(50 << 20)\nwhile time.process_time() < 0.3: pass"


def quiet(_):
    pass


def scenario(**variants):
    """Each is a function of how often it was called before."""
    calls = []

    def counted(name, run):
        def call(_):
            calls.append(name)
            return run(calls.count(name) - 1)
        return call
    made = types.SimpleNamespace(
        __doc__="A title.\n\nHow.", CASES=["c"], FIGURES={"speed": "bytes per s"}, BASE="b", RATIOS={"speed": "times b's"},
        PLOTS=[], prepare=lambda case: contextlib.nullcontext(),
        variants=lambda case: {name: counted(name, run) for name, run in variants.items()})
    return made, calls


def measure_in(directory, made, n_rounds=3, about=None):
    results = Results(os.path.join(directory, "x.jsonl"), about or ABOUT)
    good = measure(made, results, made.CASES, n_rounds, quiet)
    return results, good


# --- rounds and figures -----------------------------------------------------------

def variants_take_turns():
    made, calls = scenario(a=lambda n: {}, b=lambda n: {})
    with tempfile.TemporaryDirectory() as directory:
        measure_in(directory, made)
    assert calls == ["a", "b"] * 3, calls


def figures_are_medians_and_ratios_are_of_one_round():
    speeds = {"a": [10, 20, 90], "b": [5, 2, 30]}
    made, _ = scenario(**{name: lambda n, of=of: {"speed": of[n]} for name, of in speeds.items()})
    with tempfile.TemporaryDirectory() as directory:
        results, _ = measure_in(directory, made)
    assert figures.median(results.measurements, "c", "a", "speed") == 20
    assert figures.median(results.measurements, "c", "none", "speed") is None
    assert figures.ratio(results.measurements, "c", "a", "b", "speed") == (3, 2, 10)
    table = tables.markdown("x", made, results, {})
    assert "| c | a | 20.0 | 3.00 (2.00 to 10.0) |" in table and "| c | b | 5.00 |  |" in table, table
    assert "commit abc" in table and "# x: A title." in table, table


def what_cannot_run_is_left_out_and_says_what_would_cure_it():
    def miss(_):
        raise Missing("install it")
    made, calls = scenario(a=miss, b=lambda n: {"speed": 1})
    with tempfile.TemporaryDirectory() as directory:
        results, good = measure_in(directory, made)
    assert good and calls == ["a", "b", "b", "b"], calls
    assert "Left out: a (c): install it" in tables.markdown("x", made, results, {})


def what_fails_is_an_error_and_the_others_go_on():
    def fail(n):
        assert n == 0, "the rows are not there"
        return {"speed": 1}
    made, calls = scenario(a=fail, b=lambda n: {"speed": 1})
    with tempfile.TemporaryDirectory() as directory:
        _, good = measure_in(directory, made)
    assert not good and calls == ["a", "b", "a", "b", "b"], calls


def a_program_may_take_its_variants_in_turn_itself():
    made = types.SimpleNamespace(CASES=["c"], lines=lambda case: [
        {"variant": "a", "part": "fresh", "speed": 1}, {"variant": "b", "speed": 2}])
    with tempfile.TemporaryDirectory() as directory:
        results, _ = measure_in(directory, made, 2)
        assert [(m["case"], m["variant"], m["round"]) for m in results.measurements] == \
            [("c: fresh", "a", 1), ("c", "b", 1), ("c: fresh", "a", 2), ("c", "b", 2)], results.measurements
        assert results.finished("c", ()) == {1, 2}


# --- resuming ------------------------------------------------------------------------

def interrupted_in(directory):
    """In the second round, between a and b."""
    def interrupt(n):
        if n == 1:
            raise KeyboardInterrupt
        return {"speed": 2}
    with contextlib.suppress(KeyboardInterrupt):
        measure_in(directory, scenario(a=lambda n: {"speed": 1}, b=interrupt)[0])


def an_interrupted_run_keeps_its_finished_rounds():
    made, calls = scenario(a=lambda n: {"speed": 7}, b=lambda n: {"speed": 8})
    with tempfile.TemporaryDirectory() as directory:
        interrupted_in(directory)
        results, _ = measure_in(directory, made, about={**ABOUT, "date": "tomorrow"})
        assert calls == ["a", "b", "a", "b"], calls
        results.publish()
        about, measurements, _ = read(os.path.join(directory, "x.jsonl"))
        assert os.listdir(directory) == ["x.jsonl"]
    assert about["date"] == "today", about
    assert [(m["round"], m["speed"]) for m in measurements] == [(1, 1), (1, 2), (2, 7), (2, 8), (3, 7), (3, 8)]


def another_commit_begins_anew():
    made, calls = scenario(a=lambda n: {}, b=lambda n: {})
    with tempfile.TemporaryDirectory() as directory:
        interrupted_in(directory)
        measure_in(directory, made, about={**ABOUT, "kubeglean": "1, commit def"})
    assert calls == ["a", "b"] * 3, calls


# --- accounting ------------------------------------------------------------------------

def a_program_is_accounted_alone_however_fat_its_starter():
    fat = bytearray(200 << 20)
    with Scene() as scene:
        found, _ = launch.measured(scene, "true", seconds=10)
    assert found["peak_mib"] < 4 and found["cpu_s"] < 0.1, found
    assert len(fat) == 200 << 20


def cpu_time_and_memory_are_what_was_used():
    with Scene() as scene:
        found, told = launch.measured(scene, sys.executable, "-c", BURNS + "\nprint('done')", seconds=60)
    assert 0.3 <= found["cpu_s"] < 0.6 and found["wall_s"] >= 0.29, found
    assert 50 < found["peak_mib"] < 90, found
    assert told == "done\n", told


def a_pipeline_is_accounted_with_all_its_programs():
    with Scene() as scene:
        found, _ = launch.measured(scene, "sh", "-c", '"$0" -c "$1" | "$0" -c "$1"; true', sys.executable, BURNS,
                                   seconds=60)
    assert 0.6 <= found["cpu_s"] < 1.2 and 50 < found["peak_mib"] < 90, found


def a_program_that_fails_is_no_measurement():
    with Scene() as scene:
        try:
            launch.measured(scene, "sh", "-c", "echo why; exit 3", seconds=10)
        except AssertionError as error:
            assert "sh ended: 3\nwhy" in str(error), error
        else:
            raise AssertionError("it was measured")


def it_is_stopped_through_its_starter():
    with Scene() as scene:
        agent = launch.Launched(scene, "sh", "-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done")
        while agent.told() != "up\n":
            assert agent.process.poll() is None
        assert agent.stop(10)["peak_mib"] > 0


# --- the command --------------------------------------------------------------------------

def bench_run(*args, **environment):
    return subprocess.run([RUN, *args], capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, "KG_BUILD": BUILD, "KG_PEERS_DIR": "/nonexistent", **environment})


def each_scenario_has_a_line():
    done = bench_run("--list")
    assert done.returncode == 0, done.stderr
    names = [name[:-3] for name in os.listdir(os.path.join(ROOT, "bench", "scenarios")) if name.endswith(".py")]
    assert sorted(names) == [line.split()[0] for line in done.stdout.splitlines()], done.stdout
    done = bench_run("nonsense")
    assert done.returncode == 2 and "nonsense" in done.stderr, done


def no_rounds_are_a_mistake():
    done = bench_run("--rounds", "0", "extract")
    assert done.returncode == 2 and "--rounds 0: at least 1" in done.stderr, done


def a_quick_run_of_reports_measures_and_says_that_it_is_quick():
    with tempfile.TemporaryDirectory() as directory:
        done = bench_run("--quick", "--rounds", "1", "--output", directory, "report")
        assert done.returncode == 0, done.stderr
        about, measurements, missing = read(os.path.join(directory, "report-quick.jsonl"))
        with open(os.path.join(directory, "report-quick.md"), encoding="utf-8") as file:
            text = file.read()
    ours = [m for m in measurements if m["variant"].startswith("kubeglean")]
    assert len(ours) == 4 and all(m["rows"] > 0 and m["cpu_s"] > 0 and m["peak_mib"] > 5 for m in ours), ours
    assert about["quick"] and "A quick run" in text, text
    assert any("bench/peers/build" in m["missing"] for m in missing) and "bench/peers/build" in text, missing
    assert json.dumps(about).count("commit") == 1, about


if __name__ == "__main__":
    tap.run([variants_take_turns, figures_are_medians_and_ratios_are_of_one_round,
             what_cannot_run_is_left_out_and_says_what_would_cure_it, what_fails_is_an_error_and_the_others_go_on,
             a_program_may_take_its_variants_in_turn_itself, an_interrupted_run_keeps_its_finished_rounds,
             another_commit_begins_anew, a_program_is_accounted_alone_however_fat_its_starter,
             cpu_time_and_memory_are_what_was_used, a_pipeline_is_accounted_with_all_its_programs,
             a_program_that_fails_is_no_measurement, it_is_stopped_through_its_starter, each_scenario_has_a_line,
             no_rounds_are_a_mistake, a_quick_run_of_reports_measures_and_says_that_it_is_quick])
