"""The HTTP interface: the server process, middleware, routes, request bodies and problem details.

This process never imports an engine: audio is decoded and assessed by the processes of `workers`.
"""
