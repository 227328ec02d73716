"""What becomes of measurements: medians, and ratios that are taken within a
round, where both sides met the same machine."""
import statistics


def values(measurements, case, variant, figure):
    """By round."""
    return {m["round"]: m[figure] for m in measurements
            if (m["case"], m["variant"]) == (case, variant) and m.get(figure) is not None}


def median(measurements, case, variant, figure):
    """None when nobody measured it."""
    found = values(measurements, case, variant, figure)
    return statistics.median(found.values()) if found else None


def ratio(measurements, case, variant, base, figure):
    """Median, least and greatest of the rounds' ratios; None without any."""
    ours = values(measurements, case, variant, figure)
    theirs = values(measurements, case, base, figure)
    ratios = [ours[r] / theirs[r] for r in sorted(ours.keys() & theirs.keys()) if theirs[r]]
    if not ratios:
        return None
    return statistics.median(ratios), min(ratios), max(ratios)


def in_order(measurements, name):
    """The cases, or the variants, as they came."""
    return list(dict.fromkeys(m[name] for m in measurements))


def text(number):
    """With three digits that count."""
    if number is None:
        return ""
    if isinstance(number, str) or number == 0 or abs(number) >= 100:
        return f"{number:,.0f}" if not isinstance(number, str) else number
    return f"{number:.3g}" if abs(number) < 0.001 else f"{number:#.3g}"
