"""Bars, by gnuplot: a group for each case, a bar for each variant."""
import shutil
import subprocess

import figures


def script(title, measurements, figure, path):
    cases = figures.in_order(measurements, "case")
    variants = figures.in_order(measurements, "variant")
    lines = [
        "set terminal svg size 760,420 font 'sans,13' background '#ffffff'",
        f"set output '{path}'",
        f"set title '{title}'",
        "set style data histogram",
        "set style histogram clustered gap 1",
        "set style fill solid 0.85 noborder",
        "set logscale y",
        "set grid ytics lc rgb '#dddddd'",
        "set key outside bottom center horizontal",
        "set border 3",
        "set tics nomirror",
        "$data << END"]
    for case in cases:
        found = [figures.median(measurements, case, variant, figure) for variant in variants]
        lines.append(" ".join([f'"{case}"', *("NaN" if v is None else f"{v:.6g}" for v in found)]))
    lines.append("END")
    lines.append("plot " + ", ".join(
        f"$data using {i + 2}{':xtic(1)' if i == 0 else ''} title '{variant}'" for i, variant in enumerate(variants)))
    return "\n".join(lines) + "\n"


def draw(title, measurements, figure, path):
    """False without gnuplot."""
    if shutil.which("gnuplot") is None:
        return False
    subprocess.run(["gnuplot"], input=script(title, measurements, figure, path), text=True, check=True)
    return True
