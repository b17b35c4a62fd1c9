"""HTTP: routes, errors, OpenAPI."""
