"""The version of this package, said once for its code; pyproject.toml says it for installers."""

VERSION = "0.2.0"
