"""The page of one run, and the pure view models it is made of."""
