"""Programs under kg-launch: what the kernel accounted to them."""
import json
import os
import signal
import subprocess

from cluster import BUILD

LAUNCH = os.path.join(BUILD, "bench", "kg-launch")


class Launched:
    """A program in a scene, which ends it where nobody else does."""

    def __init__(self, scene, *command, **options):
        self.command = command
        self.usage = scene.path(f"usage-{len(scene.processes)}.json")
        self.log = scene.path(f"process-{len(scene.processes)}.log")
        self.process = scene.start(LAUNCH, self.usage, *command, **options)

    def told(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait(self, seconds, ends=(0,)):
        """Its figures, once it has ended well: with one of these exit codes."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = f"not within {seconds} s"
        assert code in ends, f"{os.path.basename(self.command[0])} ended: {code}\n{self.told()[-2000:]}"
        with open(self.usage, encoding="utf-8") as file:
            usage = json.load(file)
        return {"wall_s": usage["wall_s"], "cpu_s": usage["user_s"] + usage["system_s"], "user_s": usage["user_s"],
                "system_s": usage["system_s"], "peak_mib": usage["peak_kib"] / 1024}

    def stop(self, seconds=60):
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)


def measured(scene, *command, seconds, ends=(0,), **options):
    """Runs it to its end: its figures, and what it printed."""
    program = Launched(scene, *command, **options)
    found = program.wait(seconds, ends)
    return found, program.told()
