"""The colours of two classes, the same wherever classes are drawn: on a map, on a pad, along the edges of a network."""

CLASSES = ("#0072B2", "#C2500A")  # class 0 (and what is negative), class 1 (and what is positive); colour-blind safe, with white between
MARKS = ("#00344F", "#5E2100")  # points on a map of those colours: darker than any of them
