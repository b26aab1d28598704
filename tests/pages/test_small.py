"""The small network of What a channel wants: the settings that a viewer has in Learning filters are taken over by a button."""

import numpy as np
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from dlviz import assets, catalog
from dlviz.compute.filters import learning
from dlviz.compute.filters.channel import Params
from tests.pages.conftest import Visit

TOPIC = catalog.find("filters")
FILE = assets.put(np.zeros(4 * (4 * 25 + 4 + 4 * 14 * 14 * 10 + 10), np.uint8))  # for a network of these settings
OWN = {"edits": "[[0,2],[0,7,1]]", "weights": FILE, "pictures": 500, "layers": 1, "channels": 4, "batch_size": 100}
BUTTON = "Take the network of Learning filters, as it is there now"


def the_button(app: AppTest) -> Button:
    """It stands under a picture that is finished."""
    for _ in range(60):
        if found := [each for each in app.button if each.label == BUTTON]:
            return found[0]
        app.run()
    raise AssertionError("The picture was never finished.")


def test_the_network_of_learning_filters_is_taken_with_its_settings_its_changes_and_its_file(visit: Visit) -> None:
    app = visit(TOPIC, "learning", learning.Params(**OWN))
    assert app.session_state["filters.learning"] == learning.Params(**OWN)
    app.button_group(key="filters.view").set_value("channel").run()
    button = the_button(app)
    assert not button.disabled
    button.click().run()
    params = app.session_state["filters.channel"]
    assert isinstance(params, Params) and params.settings() == learning.Params(**OWN).canonical() and params.network == "small"
    assert params.settings().edits and params.settings().weights == FILE, "nothing of it is dropped as useless"
    button = the_button(app)
    assert button.disabled and not app.error and not app.exception
    assert any("2 changes by hand, weights from a file" in each.value for each in app.markdown)
