"""What the application needs from the world: one Protocol per capability, with the records and errors it speaks."""
