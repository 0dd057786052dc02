"""Console pages of webhooks and their deliveries."""
