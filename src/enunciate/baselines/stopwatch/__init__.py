"""`stopwatch`: utterance scores from the length of a clip and of its text, without listening."""
