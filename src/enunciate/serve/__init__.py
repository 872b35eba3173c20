"""The service: a page and an HTTP interface to one engine, which runs in processes of its own.

An upload takes this way:

1. `http/server` listens; `http/middleware` gives the request an id; `http/app` finds its route.
2. `http/admission` refuses it if the service is full; `http/request_body` reads the body under limits;
   `http/uploads` (or `http/azure_routes`) turns it into a clip and its reference text.
3. `workers/pool` queues the clip and sends it to a worker through a pipe (`workers/messages`).
4. `workers/worker` decodes and assesses it, the only code here that touches audio or an engine.
5. The answer returns through the pipe as JSON: an `Assessment`, or Azure's form of one (`azure/response`).

A recording can also come by a websocket while it is made (`http/stream_routes`, and `http/azure_websocket`
for the Speech SDKs of Azure): `listening` cuts it into clips, which take the way from 3 on.

Any failure on the way becomes problem details (`http/problem_details`). Nothing of a request is written to
disk, and only its size and times are logged (`service_log`).
"""
