"""The service: a page and an HTTP interface to one engine, whose workers are processes of their own.

`app` makes the routes, `pool` hands clips to the processes that run `worker`, and `azure` speaks as Azure's
pronunciation assessment does. Nothing of a request is written to disk or to a log but its size and times.
"""
