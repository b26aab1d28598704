"""Small networks and their parts, one family a file, readable on one screen."""
