"""What all trainers share: reading recipes, checkpoints, and tensors with their types."""
