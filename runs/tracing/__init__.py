"""Traces for other people's tools: a run as OpenTelemetry spans, asked for one by one or sent to a collector when it ends."""
