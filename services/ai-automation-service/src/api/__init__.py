"""The HTTP interface: routers, schemas, problem details."""
