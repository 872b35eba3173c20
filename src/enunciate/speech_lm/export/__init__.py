"""An adapter as other software loads it: merged into its base, or as LoRA matrices for a server."""
