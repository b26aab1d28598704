"""Makes models/recorded/: the results of every scene, and of each view's own settings, whose model does not ship with the project.

`python -m recipes.recorded`: some seconds, and the models (177 MB) are fetched first if they are not here.
"""

import sys
from collections.abc import Callable
from importlib import import_module

from dlviz import catalog, lessons
from dlviz.compute import resolve, run
from dlviz.params import Params
from dlviz.zoo import language, recorded

VIEWS = [view for topic in catalog.TOPICS for view in topic.views if hasattr(import_module(f"dlviz.compute.{view}"), "missing")]


def settings_of(view: str) -> list[Params]:
    """All settings of a view that are recorded, each once: its own and its scenes', A's too, of models that have to be fetched; before each
    what it is built on, if the view says so."""
    slug, _, short = view.partition(".")
    assert view in catalog.find(slug).views
    scenes = lessons.load(slug).of(short)
    wanted = [resolve(view)[0](), *(scene.params for scene in scenes), *(scene.pin for scene in scenes if scene.pin)]
    built_on: Callable[[Params], list[Params]] = getattr(import_module(f"dlviz.compute.{view}"), "built_on", lambda params: [])
    wanted = [each for params in wanted for each in (*built_on(params), params)]
    found: dict[Params, Params] = {}
    for params in wanted:
        if getattr(params, "model", "") in language.FETCHED:
            found.setdefault(params.canonical(), params)
    return list(found.values())


def main() -> int:
    """Fetch the models, remove what there is, make the results and write them."""
    for name in language.FETCHED:
        language.fetch(name).wait(3600)
    recorded.FOLDER.mkdir(parents=True, exist_ok=True)
    written = set()
    for file in recorded.FOLDER.glob("*.npz"):  # a result that is built on another must not be built on an old one
        file.unlink()
    for view in VIEWS:
        for params in settings_of(view):
            file = recorded.file_of(view, params)
            file.write_bytes(run(view, params).to_npz(view))
            written.add(file)
    print(f"{len(written)} results, {sum(file.stat().st_size for file in written) / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
