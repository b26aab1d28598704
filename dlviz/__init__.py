"""dlviz: a visual playground for deep learning in which every picture is a real PyTorch computation."""
