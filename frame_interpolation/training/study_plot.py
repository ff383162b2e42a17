"""The plot of a study: gain on animation against loss on natural motion, with intervals."""

from pathlib import Path

from frame_interpolation.eval import metrics
from frame_interpolation.training.study_results import Change, StudyResults

# Okabe and Ito's colours, which colour-blind readers tell apart; shapes tell apart without any.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_SHAPES = "osD^vP*X"


def write_plot(path: Path, results: StudyResults) -> None:
    """Draws the plot as PNG.

    Each strategy is a large mark at the means over all seeds with the 95 % intervals of both, and a
    small one for every seed. Up is a gain on animation, right a loss on natural motion.

    Args:
      path: file to write.
      results: what the study found.
    """
    # Slow to import. No pyplot: it would choose a window system.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    metric = metrics.find(results.metric)
    figure = Figure(figsize=(7.5, 5.0), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    axes.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    for i, strategy in enumerate(results.strategies):
        gain, loss = (results.change(strategy, name) for name in ("animation", "natural"))
        if gain.gain is None or loss.gain is None:
            continue
        colour, shape = _COLOURS[i % len(_COLOURS)], _SHAPES[i % len(_SHAPES)]
        seeds = sorted(gain.gains_by_seed.keys() & loss.gains_by_seed.keys())
        axes.plot(
            [metric.shown(-loss.gains_by_seed[seed]) for seed in seeds],
            [metric.shown(gain.gains_by_seed[seed]) for seed in seeds],
            shape,
            color=colour,
            markersize=4,
            alpha=0.45,
            markeredgewidth=0,
        )
        axes.errorbar(
            [metric.shown(-loss.gain)],
            [metric.shown(gain.gain)],
            xerr=_arms(loss),
            yerr=_arms(gain),
            fmt=shape,
            color=colour,
            markersize=9,
            capsize=3,
            linewidth=1.2,
            label=strategy.replace("_", " "),
        )
    axes.set_xlabel(f"loss on natural motion, {metric.heading}")
    axes.set_ylabel(f"gain on animation, {metric.heading}")
    seeds_text = "1 seed" if len(results.seeds) == 1 else f"{len(results.seeds)} seeds"
    axes.set_title(f"{results.title}: {results.num_steps} steps, {seeds_text}", fontsize=11)
    axes.margins(0.12)
    axes.legend(frameon=False, fontsize=9)
    temporary = path.with_name(f".{path.name}.tmp")
    FigureCanvasAgg(figure).print_png(str(temporary))
    temporary.replace(path)


def _arms(change: Change) -> list[list[float]] | None:
    """Lengths of the error bars down and up; the same for gain and loss mirrored."""
    interval = change.gain_interval
    if interval is None or change.gain is None:
        return None
    down, up = change.gain - interval[0], interval[1] - change.gain
    if change.set_name == "natural":  # A loss is a gain turned over.
        down, up = up, down
    shown = metrics.find(change.metric).shown
    return [[shown(max(down, 0.0))], [shown(max(up, 0.0))]]
