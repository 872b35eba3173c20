"""Charts as SVG."""

import numpy as np

from enunciate.evaluation.report import charts


def test_axes_put_values_where_they_belong():
    axis = charts.score_axis("x")
    assert axis.place(5.0, 0, 100) == 50
    assert axis.place(12.0, 100, 0) == 0  # beyond the axis: on its end


def test_a_scatter_of_many_clips_draws_a_part_of_the_points_and_the_means_of_all() -> None:
    n = 4 * charts.MAX_DOTS
    x, y = np.full(n, 5.0), np.linspace(0, 10, n)
    axes = charts.score_axis("a"), charts.score_axis("b")
    many, few = (str(charts.scatter(x[:k], y[:k], axes, "d")) for k in (n, charts.MAX_DOTS))
    assert many.count("h0") == few.count("h0") == charts.MAX_DOTS
    middle = float(charts._y(axes[1], 5.0))
    assert f'y1="{middle:g}"' in many
