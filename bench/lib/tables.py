"""A run as Markdown."""
import figures

ABOUT = ("machine", "memory", "system", "kubeglean", "versions", "peer", "postgres", "date", "load", "rounds")


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def ratio_text(found):
    if found is None:
        return ""
    middle, least, most = (figures.text(number) for number in found)
    return f"{middle} ({least} to {most})"


def about_table(about):
    return [row(["", ""]), "|---|---|"] + [row([name, about[name]]) for name in ABOUT if about.get(name)]


def figure_table(scenario, measurements):
    head = ["", "variant", *scenario.FIGURES.values(),
            *scenario.RATIOS.values()]
    lines = [row(head), "|---" * len(head) + "|"]
    for case in figures.in_order(measurements, "case"):
        of_case = [m for m in measurements if m["case"] == case]
        for variant in figures.in_order(of_case, "variant"):
            lines.append(row(
                [case, variant, *(figures.text(figures.median(of_case, case, variant, f)) for f in scenario.FIGURES),
                 *(ratio_text(figures.ratio(of_case, case, variant, scenario.BASE, f))
                   if variant != scenario.BASE else "" for f in scenario.RATIOS)]))
    return lines


def markdown(name, scenario, results, plots):
    title, _, how = scenario.__doc__.strip().partition("\n")
    quick = " --quick" if results.about["quick"] else ""
    lines = [f"# {name}: {title}", "", how.strip(), "", f"    bench/run{quick} {name}", ""]
    if quick:
        lines += ["**A quick run: fewer rounds, smaller inputs. It shows that the bench works, and no figure.**", ""]
    lines += about_table(results.about) + [""] + figure_table(scenario, results.measurements)
    lines += ["", "Medians of the rounds; ratios are taken within a round: their median, least and greatest."]
    for miss in {(m["variant"], m["missing"]): m for m in results.missing}.values():
        lines += ["", f"Left out: {miss['variant']} ({miss['case']}): {miss['missing']}"]
    for figure, path in plots.items():
        lines += ["", f"![{scenario.FIGURES[figure]}]({path})"]
    return "\n".join(lines) + "\n"
