"""Training of the letter-to-sound model; running never imports it."""
