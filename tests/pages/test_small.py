"""The small network of What a channel wants: the settings that a viewer has in Learning filters are taken over by a button."""

from dlviz import catalog
from dlviz.compute.filters import learning
from dlviz.compute.filters.channel import Params
from tests.pages.conftest import Visit

TOPIC = catalog.find("filters")
OWN = {"pictures": 500, "layers": 1, "channels": 4, "batch_size": 100}
BUTTON = "Take the network of Learning filters, as it is set there now"


def test_the_network_of_learning_filters_is_taken_with_its_settings(visit: Visit) -> None:
    app = visit(TOPIC, "learning", learning.Params(**OWN))
    assert app.session_state["filters.learning"] == learning.Params(**OWN)
    app.button_group(key="filters.view").set_value("channel").run()
    (button,) = [each for each in app.button if each.label == BUTTON]
    assert not button.disabled
    button.click().run()
    params = app.session_state["filters.channel"]
    assert isinstance(params, Params) and params.settings() == learning.Params(**OWN).canonical() and params.network == "small"
    assert not app.error and not app.exception
