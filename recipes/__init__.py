"""How each shipped data and weight file was made. `python -m recipes.<name>` makes it anew from the package it came in."""
