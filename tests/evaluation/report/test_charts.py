"""Charts as SVG."""

from enunciate.evaluation.report import charts


def test_axes_put_values_where_they_belong():
    axis = charts.score_axis("x")
    assert axis.place(5.0, 0, 100) == 50
    assert axis.place(12.0, 100, 0) == 0  # beyond the axis: on its end
