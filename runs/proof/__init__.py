"""Replay as proof: what a journal shows to have happened, told to whoever asks."""
