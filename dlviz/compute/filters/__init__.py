"""CNN filters: what a convolution does to a picture."""
