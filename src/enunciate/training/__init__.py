"""What all trainers share: recipes, the split of the speakers, samplers, checkpoints, files of a run."""
