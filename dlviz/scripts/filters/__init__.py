"""Programs of the topic CNN filters."""
