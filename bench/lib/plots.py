"""Bars, by gnuplot: a group for each case, a bar for each variant."""
import math
import shutil
import subprocess
import textwrap

import figures

TOLD = ("machine", "memory", "system", "kubeglean", "versions", "postgres", "peer", "date")


def decades(found):
    """What the axis shows, a logarithmic one."""
    return 10 ** math.floor(math.log10(min(found))), 10 ** math.floor(math.log10(max(found)) + 1)


def script(title, about, measurements, figure, path):
    cases = figures.in_order(measurements, "case")
    variants = figures.in_order(measurements, "variant")
    medians = {case: [figures.median(measurements, case, variant, figure) for variant in variants] for case in cases}
    least, most = decades([m for of_case in medians.values() for m in of_case if m])
    told = "; ".join(about[name] for name in TOLD if about.get(name))
    return "\n".join([
        "set terminal svg noenhanced size 860,480 font 'sans,13' background '#ffffff'",
        f"set output '{path}'",
        f'set title "{title}{", quick" if about["quick"] else ""}"',
        "set xlabel \"" + "\\n".join(textwrap.wrap(told, 140)) + "\" font 'sans,7'",
        "set style data histogram",
        "set style histogram clustered gap 1",
        "set style fill solid 0.85 noborder",
        f"set logscale y; set yrange [{least:g}:{most:g}]",
        "set grid ytics lc rgb '#dddddd'",
        "set key outside top center horizontal",
        "set border 3; set tics nomirror",
        "$data << END",
        *(" ".join([f'"{case}"', *("NaN" if m is None else f"{m:.6g}" for m in of_case)])
          for case, of_case in medians.items()),
        "END",
        "plot " + ", ".join(f"$data using {i}{':xtic(1)' if i == 2 else ''} title '{variant}'"
                            for i, variant in enumerate(variants, 2))]) + "\n"


def draw(title, about, measurements, figure, path):
    """False without gnuplot, or when nothing was measured."""
    if shutil.which("gnuplot") is None or not any(m.get(figure) for m in measurements):
        return False
    subprocess.run(["gnuplot"], input=script(title, about, measurements, figure, path), text=True, check=True)
    return True
