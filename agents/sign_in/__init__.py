"""How people and their programs sign in without a key of ours: by an OpenID Connect issuer, or by a password in an emergency."""
