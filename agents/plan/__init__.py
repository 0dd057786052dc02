"""Plans: what they are made of, how their references and conditions read, and when one is refused. Pure."""
