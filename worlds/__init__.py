"""What code paints and plays: planets, turning and eyeball planets, sounds. Imports libraries only."""
