"""One action over many runs: looked at first, begun once, worked off by the workers, stopped by whoever wants it stopped."""
