"""The engine `openai:MODEL`: a model behind any server that speaks OpenAI's protocol and takes audio."""
