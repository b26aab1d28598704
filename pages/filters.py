"""CNN filters: what a convolutional network looks for."""

from dlviz.compute.filters import inside
from dlviz.compute.filters.inputs import OWN
from dlviz.figures import filters as figures
from dlviz.ui import frame, glimpse
from dlviz.ui.digits import show_digits, show_shifts, show_weights
from dlviz.ui.own_digit import show_own_digit
from dlviz.ui.pictures import show_pictures
from dlviz.ui.small import show_training

frame.show(
    "filters",
    {
        "convolution": frame.Drawing(
            "convolution",
            figures.convolution,
            {"Your own picture": lambda _, settings: show_pictures(settings, "picture", {"input": OWN})},
        ),
        "learning": frame.Drawing(
            "player", figures.learning, {"Draw for it": show_digits, "Shifts": show_shifts, "Weights": show_weights}, grows=True
        ),
        "drag": frame.Drawing("drag", figures.drag, {"Your own digit": show_own_digit}, grows=True),
        "inside": frame.Drawing(
            "inside",
            figures.inside,
            {"Your own picture": lambda _, settings: show_pictures(settings, "picture", {"photo": inside.OWN})},
            glimpse=glimpse.answer,
        ),
        "channel": frame.Drawing(
            "player",
            figures.channel,
            {
                "The small CNN": show_training,
                "Your own picture": lambda _, settings: show_pictures(settings, "picture", {"start": inside.OWN}),
            },
            grows=True,
        ),
    },
)
