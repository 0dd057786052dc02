"""Values in English."""
