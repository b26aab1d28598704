"""What was made last and is likely to be wanted again, such as trained networks that are only looked at in another way."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Shelf(Generic[Thing]):
    """At most `most` things by the settings they were made with; the one asked for longest ago goes first. For several threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.things: OrderedDict[Hashable, Thing] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: Hashable) -> Thing | None:
        """The thing made with these settings if it is here; None if not."""
        with self._lock:
            if (thing := self.things.get(key)) is not None:
                self.things.move_to_end(key)
            return thing

    def put(self, key: Hashable, thing: Thing) -> None:
        """Keep what is finished."""
        with self._lock:
            self.things[key] = thing
            self.things.move_to_end(key)
            while len(self.things) > self.most:
                self.things.popitem(last=False)
