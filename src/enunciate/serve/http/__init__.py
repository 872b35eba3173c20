"""The HTTP interface: routes, request bodies, problem details, metrics, and the server process."""
