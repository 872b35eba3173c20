"""The engine `both`: `pocket`, with means of its utterance scores and those of `whisper`."""
