"""The topics of dlviz: one line each drives the navigation, the addresses, the home page and the house tests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One page. Its `slug` is its address and the stem of its files; `views` are named "slug.view", the front view first."""

    slug: str
    title: str
    question: str
    section: str
    icon: str
    views: tuple[str, ...]


TOPICS = (
    Topic(
        slug="activations",
        title="Activations",
        question="What does a neuron do to its input, and why does the choice decide whether a network learns?",
        section="Foundations",
        icon=":material/show_chart:",
        views=(
            "activations.curve",
            "activations.network",
            "activations.seeds",
            "activations.softmax",
            "activations.hinges",
            "activations.cost",
        ),
    ),
    Topic(
        slug="gradients",
        title="Gradient flow",
        question="Why do deep networks stop learning or blow up, and what makes the gradient survive?",
        section="Foundations",
        icon=":material/waterfall_chart:",
        views=("gradients.depth", "gradients.training", "gradients.by_hand", "gradients.time", "gradients.own"),
    ),
    Topic(
        slug="filters",
        title="CNN filters",
        question="What does a convolutional network look for, and how does it learn to?",
        section="Vision",
        icon=":material/filter_b_and_w:",
        views=("filters.convolution", "filters.learning", "filters.drag", "filters.inside", "filters.channel"),
    ),
    Topic(
        slug="attention",
        title="Attention heatmaps",
        question="Which words does each word look at, what does the model do with it, and how does such a head come to be?",
        section="Language",
        icon=":material/grid_on:",
        views=("attention.machine", "attention.heatmap", "attention.effect", "attention.by_hand", "attention.born"),
    ),
)


def find(slug: str) -> Topic:
    """The topic with this slug; KeyError if there is none."""
    return {topic.slug: topic for topic in TOPICS}[slug]
