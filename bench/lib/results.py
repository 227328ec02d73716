"""A run's results: lines of JSON, the first of which tells about the run. Until
the run is whole they are in FILE.part, where an interrupted run is resumed."""
import json
import os

VARIES = ("date", "load")  # Of what is told about a run: it may be resumed all the same.


def read(path):
    """(about, measurements, missing)"""
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.endswith("\n")]
    return (lines[0]["about"], [line for line in lines[1:] if "round" in line],
            [line for line in lines[1:] if "missing" in line])


def same_run(one, other):
    return ({k: v for k, v in one.items() if k not in VARIES} ==
            {k: v for k, v in other.items() if k not in VARIES})


class Results:
    def __init__(self, path, about):
        self.path = path
        self.about = about
        self.measurements = []
        self.missing = []
        part = path + ".part"
        if os.path.exists(part):
            before, measurements, _ = read(part)
            if same_run(before, about):
                self.about, self.measurements = before, measurements
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.file = open(part, "w", encoding="utf-8")
        for line in [{"about": self.about}, *self.measurements]:
            self._write(line)

    def _write(self, line):
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def finished(self, case, variants):
        """The rounds in which each of the variants was measured. What there is
        of another round is forgotten: its sides would not have met."""
        def is_of(m):
            return m["case"] == case or m["case"].startswith(f"{case}: ")
        rounds = {}
        for m in filter(is_of, self.measurements):
            rounds.setdefault(m["round"], set()).add(m["variant"])
        whole = {number for number, seen in rounds.items() if seen >= set(variants)}
        self.measurements = [m for m in self.measurements if not is_of(m) or m["round"] in whole]
        return whole

    def add(self, case, variant, number, measured):
        line = {"case": case, "variant": variant, "round": number, **measured}
        self.measurements.append(line)
        self._write(line)

    def miss(self, case, variant, why):
        line = {"case": case, "variant": variant, "missing": why}
        self.missing.append(line)
        self._write(line)

    def publish(self):
        """The run is whole, and takes the place of the one before."""
        self.file.close()
        with open(self.path + ".part", "w", encoding="utf-8") as file:
            for line in [{"about": self.about}, *self.measurements, *self.missing]:
                file.write(json.dumps(line) + "\n")
        os.replace(self.path + ".part", self.path)
