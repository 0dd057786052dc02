"""People around a decision: questions they answer, what they say to each other, many decided at once, links that decide once."""
