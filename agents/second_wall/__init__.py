"""The second wall between tenants, in PostgreSQL itself."""
