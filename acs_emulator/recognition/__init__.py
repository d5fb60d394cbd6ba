"""What a recognition listens for, hears, and concludes: values and rules, without clock and network."""
