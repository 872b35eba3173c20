"""`ssl-joint`: a self-supervised encoder that learns phones and utterance scores together."""
