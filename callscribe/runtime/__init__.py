"""What every program of ours is run with: settings, logs, metrics, start and end."""
