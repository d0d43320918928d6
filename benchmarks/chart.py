"""The figures as bars: for each case, how many times as fast as its first contender each one is."""

from pathlib import Path

from benchmarks.timing import Row, ratios

OWN, OTHERS, APPROXIMATE = "#b5367a", "#9a9aa6", "#d5d5dd"     # the course's; others in float32; others in int8


def draw(titles: dict[str, str], rows: list[Row], path: Path) -> str:
    """A picture with a panel for each case, written as a PNG. Gives its alt text."""
    from matplotlib.figure import Figure

    panels = {case: [row for row in rows if row.case == case and row.seconds] for case in titles}
    panels = {case: some for case, some in panels.items() if some}
    heights = [0.22 * len(some) + 0.45 for some in panels.values()]
    figure = Figure(figsize=(9, sum(heights) + 0.4), layout="constrained")
    grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
    for axes, (case, some) in zip(grid.flat, panels.items(), strict=True):
        _draw_panel(axes, f"{titles[case]} (× as fast as {some[0].name})", some)
    figure.savefig(path, format="png", dpi=110, facecolor="white")
    return alt_text({titles[case]: some for case, some in panels.items()})


def _draw_panel(axes, title: str, rows: list[Row]):
    for place, row in enumerate(rows):
        low, speed, high = ratios(rows[0].seconds, row.seconds)
        axes.barh(place, speed, color=OWN if is_own(row) else OTHERS if row.cosine is None else APPROXIMATE)
        axes.plot([low, high], [place, place], color="black", linewidth=1)
        axes.annotate(f"{speed:.2f}", (max(high, speed), place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.set_xlim(left=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_title(title, fontsize=9, loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def is_own(row: Row) -> bool:
    return row.name.startswith("bert_parts")


def alt_text(panels: dict[str, list[Row]]) -> str:
    """The medians of the course's own contenders in words; the others' are in the tables."""
    told = []
    for title, rows in panels.items():
        speeds = [f"{row.name} {ratios(rows[0].seconds, row.seconds).median:.2f}" for row in rows if is_own(row)]
        told.append(f"{title}, times as fast as {rows[0].name}: {', '.join(speeds) or 'no figure of the course'}.")
    return "Bars of speed, a panel for each case. " + " ".join(told)
