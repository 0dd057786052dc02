"""The events of a tenant as others read them: in an order that never changes, by page and as a stream."""
