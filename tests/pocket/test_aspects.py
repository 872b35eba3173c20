"""The places of the aspects are their order."""

from enunciate.pocket.aspects import ACCURACY, FLUENCY, PROSODIC, TOTAL
from enunciate.schema import ASPECTS


def test_each_aspect_has_the_place_of_its_name():
    named = {"accuracy": ACCURACY, "fluency": FLUENCY, "prosodic": PROSODIC, "total": TOTAL}

    assert [ASPECTS[place] for place in named.values()] == list(named)
