"""What AOS does by the clock, and how long what is over is kept."""
