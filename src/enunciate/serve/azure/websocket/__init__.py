"""The protocol of Azure's Speech SDKs: messages on a websocket, in turns that each recognise one stream."""
